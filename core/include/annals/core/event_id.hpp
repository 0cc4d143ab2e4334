#pragma once
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace annals {

/// Identity of an event or message: a UUID, made as version 7 (RFC 9562: ordered by time, then a counter).
/// A value; comparing compares the 16 bytes.
class EventId {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  /// The nil UUID, which no event has.
  constexpr EventId() = default;
  constexpr explicit EventId(const Bytes& bytes) : bytes_(bytes) {}

  /// A new version-7 UUID; increasing within one thread, unique across machines. Thread-safe.
  [[nodiscard]] static EventId generate();
  /// Accepts the 36-character form, upper or lower case; nothing for anything else.
  [[nodiscard]] static std::optional<EventId> parse(std::string_view text) noexcept;
  /// `wire` must point at 16 bytes.
  [[nodiscard]] static EventId from_bytes(const char* wire) noexcept;

  [[nodiscard]] std::string to_string() const;
  /// Writes exactly 36 characters, no terminator.
  void format_to(char* out) const noexcept;
  [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool is_nil() const noexcept { return *this == EventId{}; }

  auto operator<=>(const EventId&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0 in it

 private:
  Bytes bytes_{};
};

}  // namespace annals

template <>
struct std::hash<annals::EventId> {
  std::size_t operator()(const annals::EventId& id) const noexcept;
};
