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
  [[nodiscard]] std::string finish() &&;

 private:
  std::string text_ = "{";
};

/// Headers as the text form of a text[]: name, value, name, value …; nothing when there are none.
[[nodiscard]] std::optional<std::string> write_headers(const std::vector<std::pair<std::string, std::string>>& headers);
/// Reads it back. Error{corrupt}, with the name `column`, when it is no array of one dimension, has a NULL in it, or a name
/// without a value.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_headers(std::string_view literal,
                                                                            std::string_view column = "headers");

}  // namespace annals::postgres
