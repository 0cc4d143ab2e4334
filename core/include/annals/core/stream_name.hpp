#pragma once
#include <compare>
#include <string>
#include <string_view>

namespace annals {

/// The name of a stream, such as "order-42": 1 to limits::stream_name_bytes_max bytes of UTF-8 without NUL.
///
/// The part before the first '-' is the category; the relay routes by it. A value; safe to copy and share.
class StreamName {
 public:
  /// Throws Error{invalid} naming what is wrong with the text.
  explicit StreamName(std::string name);
  explicit StreamName(std::string_view name) : StreamName(std::string{name}) {}
  explicit StreamName(const char* name) : StreamName(std::string{name}) {}

  /// For names read back from the database, whose CHECK constraints hold the same rules.
  [[nodiscard]] static StreamName from_database(std::string_view name);

  [[nodiscard]] const std::string& str() const noexcept { return name_; }
  [[nodiscard]] std::string_view view() const noexcept { return name_; }
  [[nodiscard]] std::string_view category() const noexcept;

  auto operator<=>(const StreamName&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0 in it

 private:
  struct Trusted {};
  StreamName(Trusted, std::string_view name) : name_(name) {}
  std::string name_;
};

/// The category of a stream name that is known to be valid.
[[nodiscard]] std::string_view category_of(std::string_view stream_name) noexcept;

}  // namespace annals
