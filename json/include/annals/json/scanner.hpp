#pragma once
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace annals::json {

/// Nesting that is accepted; deeper text is an attack or a mistake.
inline constexpr int depth_max = 512;

/// What is wrong with a JSON text, and at which byte.
class Malformed : public std::runtime_error {
 public:
  Malformed(std::size_t offset, const std::string& what) : std::runtime_error(what), offset_(offset) {}
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

 private:
  std::size_t offset_;
};

/// Walks over a JSON text (RFC 8259) without interpreting it: numbers keep their digits, strings their escapes, objects
/// their order and their duplicate members. A value is checked while it is passed.
///
/// Ownership  borrows the text, which must be UTF-8 (see require_unicode). Errors: Malformed. Thread safety: none.
/// Limits     depth_max.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  void skip_space() noexcept;
  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  /// The next character; NUL at the end.
  [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::size_t offset() const noexcept { return at_; }

  /// Passes `c`, which must be next.
  void expect(char c);
  /// Passes a string and returns it with its quotes.
  std::string_view string();
  /// Passes a value and returns its text. Tokens go to `compact`, when given, without the space between them.
  std::string_view value(std::string* compact = nullptr);

 private:
  void any(int depth);
  void object(int depth);
  void array(int depth);
  void number();
  void literal(std::string_view word);
  void escape();
  void digits();
  void emit(std::size_t begin);
  [[noreturn]] void fail(const std::string& what) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::string* compact_ = nullptr;
};

/// One member of an object; `text` is a slice of what was scanned.
struct Member {
  std::string name;  ///< decoded
  std::string_view text;
};

/// Throws Malformed unless `text` is UTF-8 without NUL.
void require_unicode(std::string_view text);
/// The members of the object that `text` is, in order, duplicates included; throws Malformed when it is anything
/// else or has more than `count_max`.
[[nodiscard]] std::vector<Member> members(std::string_view text, std::size_t count_max);
/// The elements of the array that `text` is; the same.
[[nodiscard]] std::vector<std::string_view> elements(std::string_view text, std::size_t count_max);
/// Throws Malformed unless `text` is one JSON value.
void require_value(std::string_view text);
/// The value that `text` is, without space between its tokens; throws Malformed when it is no JSON value.
[[nodiscard]] std::string compact(std::string_view text);

}  // namespace annals::json
