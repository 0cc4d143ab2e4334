#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace annals::json {

/// RFC 4648, section 4, with padding.
[[nodiscard]] std::string encode_base64(std::string_view bytes);
/// Nothing unless `text` is exactly what encode_base64() makes: no line breaks, right padding, no stray bits.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace annals::json
