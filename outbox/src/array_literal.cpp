#include "array_literal.hpp"

#include <utility>

namespace annals::outbox {

void ArrayLiteral::separate() {
  if (text_.size() > 1) text_ += ',';
}

void ArrayLiteral::add(std::string_view element) {
  separate();
  text_ += '"';
  for (const char c : element) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void ArrayLiteral::add_null() {
  separate();
  text_ += "NULL";
}

void ArrayLiteral::add_optional(std::string_view element) {
  if (element.empty()) {
    add_null();
  } else {
    add(element);
  }
}

std::string ArrayLiteral::take() {
  text_ += '}';
  return std::move(text_);
}

}  // namespace annals::outbox
