#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace annals {

/// How the opaque bytes of an event or message are to be read. The numbers are stored; never renumber.
enum class ContentType : std::int16_t { octet_stream = 0, json = 1, protobuf = 2 };

/// The media type: "application/octet-stream", "application/json" or "application/protobuf".
[[nodiscard]] std::string_view media_type(ContentType type) noexcept;
[[nodiscard]] std::optional<ContentType> parse_media_type(std::string_view text) noexcept;
/// Throws Error{corrupt} for a number this version does not know.
[[nodiscard]] ContentType content_type_from_code(std::int16_t code);

}  // namespace annals
