#include "annals/json/scanner.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/json/string.hpp"

namespace annals::json {
namespace {

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Runs `visit` on a scanner over `text` and demands that it passes all of it.
template <class Visit>
void scan_whole(std::string_view text, Visit visit) {
  require_unicode(text);
  Scanner scanner{text};
  scanner.skip_space();
  visit(scanner);
  scanner.skip_space();
  if (!scanner.at_end()) throw Malformed{scanner.offset(), "something follows the JSON value"};
}

/// Passes "open item , item … close".
template <class Item>
void scan_list(Scanner& scanner, char open, char close, Item item) {
  scanner.expect(open);
  scanner.skip_space();
  if (scanner.peek() == close) return scanner.expect(close);
  while (true) {
    item();
    scanner.skip_space();
    if (scanner.peek() == close) return scanner.expect(close);
    scanner.expect(',');
    scanner.skip_space();
  }
}

/// Memory is bounded by what is kept: a line of tiny members would take many times its own size.
void require_room(const Scanner& scanner, std::size_t count, std::size_t count_max) {
  if (count >= count_max) throw Malformed{scanner.offset(), fmt::format("has more than {} members", count_max)};
}

}  // namespace

void Scanner::fail(const std::string& what) const { throw Malformed{at_, what}; }

void Scanner::skip_space() noexcept {
  while (!at_end() && is_space(text_[at_])) ++at_;
}

void Scanner::emit(std::size_t begin) {
  if (compact_ != nullptr) compact_->append(text_, begin, at_ - begin);
}

void Scanner::expect(char c) {
  if (at_end() || text_[at_] != c)
    fail(at_end() ? fmt::format("ends where '{}' is due", c) : fmt::format("'{}' is due", c));
  ++at_;
  emit(at_ - 1);
}

std::string_view Scanner::string() {
  const auto begin = at_;
  if (peek() != '"') fail("a string is due");
  ++at_;
  while (peek() != '"') {
    if (at_end()) fail("ends inside a string");
    if (static_cast<unsigned char>(text_[at_]) < 0x20) fail("control character inside a string: escape it");
    text_[at_] == '\\' ? escape() : void(++at_);
  }
  ++at_;
  emit(begin);
  return text_.substr(begin, at_ - begin);
}

void Scanner::escape() {
  ++at_;
  const char kind = peek();
  if (kind == '\0' || std::string_view{"\"\\/bfnrtu"}.find(kind) == std::string_view::npos) fail("unknown escape");
  ++at_;
  for (int i = 0; kind == 'u' && i < 4; ++i, ++at_) {
    if (!is_hex(peek())) fail("\\u wants four hexadecimal digits");
  }
}

std::string_view Scanner::value(std::string* compact) {
  compact_ = compact;
  const auto begin = at_;
  any(0);
  compact_ = nullptr;
  return text_.substr(begin, at_ - begin);
}

void Scanner::any(int depth) {
  const char next = peek();
  if (depth == depth_max && (next == '{' || next == '[')) fail(fmt::format("nested deeper than {} levels", depth_max));
  if (next == '{') return object(depth);
  if (next == '[') return array(depth);
  if (next == '"') return void(string());
  if (next == 't') return literal("true");
  if (next == 'f') return literal("false");
  if (next == 'n') return literal("null");
  number();
}

void Scanner::object(int depth) {
  scan_list(*this, '{', '}', [&] {
    string();
    skip_space();
    expect(':');
    skip_space();
    any(depth + 1);
  });
}

void Scanner::array(int depth) {
  scan_list(*this, '[', ']', [&] { any(depth + 1); });
}

void Scanner::literal(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) fail("a JSON value is due");
  at_ += word.size();
  emit(at_ - word.size());
}

void Scanner::digits() {
  if (!is_digit(peek())) fail("a digit is due");
  while (is_digit(peek())) ++at_;
}

void Scanner::number() {
  const auto begin = at_;
  if (peek() == '-') ++at_;
  if (!is_digit(peek())) fail(at_end() ? "ends where a JSON value is due" : "a JSON value is due");
  peek() == '0' ? void(++at_) : digits();
  if (peek() == '.') {
    ++at_;
    digits();
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    digits();
  }
  emit(begin);
}

void require_unicode(std::string_view text) {
  if (const auto offset = invalid_text_offset(text)) throw Malformed{*offset, "NUL or invalid UTF-8"};
}

std::vector<Member> members(std::string_view text, std::size_t count_max) {
  std::vector<Member> members;
  scan_whole(text, [&](Scanner& scanner) {
    scan_list(scanner, '{', '}', [&] {
      require_room(scanner, members.size(), count_max);
      auto name = decode_string(scanner.string());
      scanner.skip_space();
      scanner.expect(':');
      scanner.skip_space();
      members.push_back({std::move(name), scanner.value()});
    });
  });
  return members;
}

std::vector<std::string_view> elements(std::string_view text, std::size_t count_max) {
  std::vector<std::string_view> elements;
  scan_whole(text, [&](Scanner& scanner) {
    scan_list(scanner, '[', ']', [&] {
      require_room(scanner, elements.size(), count_max);
      elements.push_back(scanner.value());
    });
  });
  return elements;
}

void require_value(std::string_view text) {
  scan_whole(text, [](Scanner& scanner) { scanner.value(); });
}

std::string compact(std::string_view text) {
  std::string compact;
  compact.reserve(text.size());
  scan_whole(text, [&](Scanner& scanner) { scanner.value(&compact); });
  return compact;
}

}  // namespace annals::json
