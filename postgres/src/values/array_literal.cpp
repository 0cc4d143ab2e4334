#include "annals/postgres/array_literal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/postgres/error.hpp"

namespace annals::postgres {
namespace {

/// Takes the elements off array_out's form, which quotes whatever needs it and never writes blanks.
class LiteralReader {
 public:
  LiteralReader(std::string_view literal, std::string_view column) : rest_(literal), column_(column) {}

  std::vector<std::string> elements() {
    skip_bounds();
    take('{');
    std::vector<std::string> elements;
    if (rest_ == "}") return elements;
    while (true) {
      elements.push_back(element());
      if (rest_.starts_with('}')) break;
      take(',');
    }
    if (rest_ != "}") fail("something follows the array");
    return elements;
  }

  [[noreturn]] void fail(std::string_view what) const { throw corrupt_data(fmt::format("column {}", column_), what); }

 private:
  /// "[5:6]=" stands before an array that does not begin at 1; it means nothing here. A second pair is a dimension.
  void skip_bounds() {
    if (!rest_.starts_with('[')) return;
    const auto end = rest_.find("]=");
    if (end == std::string_view::npos) fail("the array has several dimensions");
    rest_.remove_prefix(end + 2);
  }

  void take(char expected) {
    if (!rest_.starts_with(expected)) fail("is no array");
    rest_.remove_prefix(1);
  }

  std::string element() {
    if (rest_.starts_with('"')) return quoted();
    if (rest_.starts_with('{')) fail("the array has several dimensions");
    const auto value = rest_.substr(0, std::min(rest_.find_first_of(",}"), rest_.size()));
    if (value.empty()) fail("is no array");
    if (value == "NULL") fail("an element of the array is NULL");
    rest_.remove_prefix(value.size());
    return std::string{value};
  }

  std::string quoted() {
    std::string value;
    for (rest_.remove_prefix(1); !rest_.starts_with('"'); rest_.remove_prefix(1)) {
      if (rest_.starts_with('\\')) rest_.remove_prefix(1);
      if (rest_.empty()) fail("the array is cut short");
      value += rest_.front();
    }
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  std::string_view column_;
};

}  // namespace

void ArrayLiteral::add(std::string_view value) {
  if (text_.size() > 1) text_ += ',';
  text_ += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void ArrayLiteral::add_null() {
  if (text_.size() > 1) text_ += ',';
  text_ += "NULL";
}

std::string ArrayLiteral::finish() && {
  text_ += '}';
  return std::move(text_);
}

std::optional<std::string> write_headers(const std::vector<std::pair<std::string, std::string>>& headers) {
  if (headers.empty()) return std::nullopt;
  ArrayLiteral literal;
  for (const auto& [name, value] : headers) {
    literal.add(name);
    literal.add(value);
  }
  return std::move(literal).finish();
}

std::vector<std::pair<std::string, std::string>> read_headers(std::string_view literal, std::string_view column) {
  std::vector<std::pair<std::string, std::string>> headers;
  LiteralReader reader{literal, column};
  auto elements = reader.elements();
  if (elements.size() % 2 != 0) reader.fail("a name lacks its value");
  for (std::size_t i = 0; i < elements.size(); i += 2) {
    headers.emplace_back(std::move(elements[i]), std::move(elements[i + 1]));
  }
  return headers;
}

}  // namespace annals::postgres
