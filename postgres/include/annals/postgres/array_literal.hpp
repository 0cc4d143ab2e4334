#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace annals::postgres {

/// Builds a one-dimensional PostgreSQL array in text form: {"a","b",NULL}.
class ArrayLiteral {
 public:
  void add(std::string_view value);
  void add_null();
  /// NULL when empty: how optional texts travel.
  void add_optional(std::string_view value);
  [[nodiscard]] std::string finish() &&;

 private:
  std::string text_ = "{";
};

/// Headers as the text form of a text[]: name, value, name, value …; nothing when there are none.
[[nodiscard]] std::optional<std::string> write_headers(const std::vector<std::pair<std::string, std::string>>& headers);
/// Reads it back.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_headers(std::string_view literal);

}  // namespace annals::postgres
