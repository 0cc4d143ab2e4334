// Only what is needed of the language is read: its tokens, the package, and which messages stand in which. A statement ends with
// ';' or with a block; of the blocks only those of messages are entered, so text in options that looks like a message is not one.
#include "relay/registry/message_indexes.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace annals::relayd {
namespace {

/// protoc takes no more.
constexpr std::size_t depth_max = 64;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  /// The next token: a word, or one character; of a string its opening quote. Empty at the end.
  std::string_view next() {
    skip();
    if (at_ >= text_.size()) return {};
    const auto begin = at_;
    if (is_word(text_[at_])) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
      return text_.substr(begin, at_ - begin);
    }
    const char c = text_[at_++];
    if (c == '"' || c == '\'') pass_string(c);
    return text_.substr(begin, 1);
  }

 private:
  void skip() {
    while (at_ < text_.size()) {
      if (is_space(text_[at_])) {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_, 2) == "/*") {
        const auto end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else {
        return;
      }
    }
  }

  void pass_string(char quote) {
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// A message whose block is open, or the file itself.
struct Scope {
  std::string name;           ///< with a '.' behind it, but for a file without package
  std::int32_t messages = 0;  ///< seen in it so far
};

class Search {
 public:
  Search(std::string_view proto, std::string_view full_name) : tokens_(proto), wanted_(full_name) {}

  std::vector<std::int32_t> run() {
    while (!found_ && !scopes_.empty() && scopes_.size() <= depth_max) {
      const auto first = tokens_.next();
      if (first.empty()) return {};
      statement(first);
    }
    return found_ ? path_ : std::vector<std::int32_t>{};
  }

 private:
  void statement(std::string_view first) {
    if (first == "}") return leave();
    if (first == ";") return;
    if (first == "{") return pass_block();
    const auto second = tokens_.next();
    if ((first == "export" || first == "local") && second == "message") return statement(second);
    const bool is_end = second.empty() || second == ";" || second == "{" || second == "}";
    const auto third = is_end ? std::string_view{} : tokens_.next();
    if (first == "message" && third == "{") return enter(second);
    if (first == "package" && third == ";" && scopes_.size() == 1) scopes_.front().name = std::string{second} + ".";
    pass_rest(third.empty() ? second : third);
  }

  void enter(std::string_view name) {
    auto& outer = scopes_.back();
    path_.push_back(outer.messages++);
    scopes_.push_back({.name = outer.name + std::string{name} + "."});
    const std::string_view full = scopes_.back().name;
    found_ = full.substr(0, full.size() - 1) == wanted_;
  }

  void leave() {
    scopes_.pop_back();
    if (!path_.empty()) path_.pop_back();
  }

  /// What is left of a statement of which `token` was read last.
  void pass_rest(std::string_view token) {
    while (!token.empty() && token != ";") {
      if (token == "{") return pass_block();
      if (token == "}") return leave();
      token = tokens_.next();
    }
  }

  void pass_block() {
    std::size_t depth = 1;
    for (auto token = tokens_.next(); !token.empty(); token = tokens_.next()) {
      if (token == "{") ++depth;
      if (token == "}" && --depth == 0) return;
    }
  }

  Tokens tokens_;
  std::string_view wanted_;
  std::vector<Scope> scopes_{Scope{}};
  std::vector<std::int32_t> path_;
  bool found_ = false;
};

}  // namespace

std::vector<std::int32_t> message_indexes(std::string_view proto, std::string_view full_name) {
  return Search{proto, full_name}.run();
}

}  // namespace annals::relayd
