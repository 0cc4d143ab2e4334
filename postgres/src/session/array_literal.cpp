#include "annals/postgres/array_literal.hpp"

#include "annals/core/assert.hpp"

namespace annals::postgres {
namespace {

/// Takes one element off the front of `rest`; array_out quotes whatever needs it and never writes blanks.
std::string take_element(std::string_view& rest) {
  std::string value;
  if (!rest.empty() && rest.front() == '"') {
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\') rest.remove_prefix(1);
      value += rest.front();
      rest.remove_prefix(1);
    }
    ANNALS_ASSERT(!rest.empty());
    rest.remove_prefix(1);
  } else {
    const auto end = rest.find_first_of(",}");
    ANNALS_ASSERT(end != std::string_view::npos);
    value = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  return value;
}

std::vector<std::string> elements_of(std::string_view literal) {
  std::vector<std::string> elements;
  ANNALS_ASSERT(literal.starts_with('{') && literal.ends_with('}'));
  if (literal == "{}") return elements;
  auto rest = literal.substr(1);
  while (true) {
    elements.push_back(take_element(rest));
    ANNALS_ASSERT(!rest.empty());
    const char separator = rest.front();
    rest.remove_prefix(1);
    if (separator == '}') return elements;
  }
}

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

void ArrayLiteral::add_optional(std::string_view value) { value.empty() ? add_null() : add(value); }

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

std::vector<std::pair<std::string, std::string>> read_headers(std::string_view literal) {
  std::vector<std::pair<std::string, std::string>> headers;
  auto elements = elements_of(literal);
  ANNALS_ASSERT(elements.size() % 2 == 0);
  for (std::size_t i = 0; i < elements.size(); i += 2) {
    headers.emplace_back(std::move(elements[i]), std::move(elements[i + 1]));
  }
  return headers;
}

}  // namespace annals::postgres
