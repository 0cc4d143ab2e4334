#pragma once
#include <string>
#include <string_view>

namespace annals::outbox {

/// Builds the text form of a one-dimensional PostgreSQL array: {"a","b",NULL}. Every element is quoted, so no content
/// is special.
class ArrayLiteral {
 public:
  void add(std::string_view element);
  void add_null();
  /// NULL when empty: how optional members travel.
  void add_optional(std::string_view element);
  /// The finished text; the builder is then spent.
  [[nodiscard]] std::string take();

 private:
  void separate();
  std::string text_ = "{";
};

}  // namespace annals::outbox
