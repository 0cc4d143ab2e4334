#include "relay/own/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::relayd {
namespace {

constexpr std::size_t expression_bytes_max = 2048;

/// Past the quote that ends what begins at `at`; a doubled one does not. Nothing: it does not end.
std::optional<std::size_t> past_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] != quote) continue;
    if (at + 1 == text.size() || text[at + 1] != quote) return at + 1;
    ++at;
  }
  return std::nullopt;
}

/// What is wrong with a character outside of quotes that is no bracket; null when nothing is.
const char* fault_at(std::string_view text, std::size_t at, bool outermost) {
  const auto pair = text.substr(at, 2);
  if (pair == "--" || pair == "/*") return "has a comment";
  switch (text[at]) {
    case ';': return "has a ;";
    case '$': return "has a $";
    case ',': return outermost ? "has a comma outside of brackets" : nullptr;
    default: return nullptr;
  }
}

/// Null when its quotes and brackets close, and nothing stands outside of quotes that may not.
const char* fault_in(std::string_view text) {
  std::string open;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\'' || c == '"') {
      const auto past = past_quoted(text, at);
      if (!past) return "has a quote that does not close";
      at = *past;
      continue;
    }
    if (c == '(' || c == '[') open.push_back(c == '(' ? ')' : ']');
    if (c == ')' || c == ']') {
      if (open.empty() || open.back() != c) return "has a bracket that closes nothing";
      open.pop_back();
    }
    if (const auto* fault = fault_at(text, at, open.empty())) return fault;
    ++at;
  }
  return open.empty() ? nullptr : "has a bracket that does not close";
}

/// Such as our own statements have for what is put into them.
bool has_placeholder(std::string_view text) {
  const auto named = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  for (auto at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const auto rest = text.substr(at + 1);
    const auto* end = std::find_if_not(rest.begin(), rest.end(), named);
    if (end != rest.begin() && end != rest.end() && *end == '}') return true;
  }
  return false;
}

}  // namespace

void require_expression(std::string_view what, std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    throw invalid(
        fmt::format("{} {}: {}", what, why, printable(text)),
        "write a column, or one expression of PostgreSQL over a row of the table, with plain quotes and no comment");
  };
  require_text(what, text, expression_bytes_max);
  if (std::ranges::any_of(text,
                          [](char c) { return c == '\\' || (static_cast<unsigned char>(c) < ' ' && c != '\n'); })) {
    refuse("has a backslash or a control character");
  }
  if (text.find_first_not_of(" \n") == std::string_view::npos) refuse("is blank");
  if (has_placeholder(text)) refuse("has a word in braces; for an array write ARRAY['…']");
  if (const auto* fault = fault_in(text)) refuse(fault);
}

}  // namespace annals::relayd
