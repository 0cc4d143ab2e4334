#include "annals/outbox/claim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "admission/topic_rules.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view scheme = "annals-claim:";
constexpr std::string_view plain =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";  // RFC 3986, unreserved
constexpr std::size_t sha256_digits = 64;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned char byte = 0;
    if (i + 2 >= text.size() || !read_number(text.substr(i + 1, 2), byte, 16)) return std::nullopt;
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  return out;
}

/// Takes what is before `mark` off; nothing when there is none.
std::optional<std::string_view> take(std::string_view& text, std::string_view mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const auto part = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return part;
}

bool is_sha256(std::string_view text) {
  return text.size() == sha256_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string to_string(const Claim& claim) {
  return fmt::format("{}{}/{}/{}?bytes={}&sha256={}", scheme, escaped(claim.database), escaped(claim.schema),
                     claim.number, claim.bytes, claim.sha256);
}

std::optional<Claim> parse_claim(std::string_view reference) {
  if (!reference.starts_with(scheme)) return std::nullopt;
  reference.remove_prefix(scheme.size());
  const auto database = take(reference, "/");
  const auto schema = take(reference, "/");
  const auto number = take(reference, "?bytes=");
  const auto bytes = take(reference, "&sha256=");
  if (!database || !schema || !number || !bytes || !is_sha256(reference)) return std::nullopt;
  auto database_name = unescaped(*database);
  auto schema_name = unescaped(*schema);
  Claim claim{.database = {}, .schema = {}, .sha256 = std::string{reference}};
  if (!database_name || !schema_name || !read_number(*number, claim.number) || !read_number(*bytes, claim.bytes)) {
    return std::nullopt;
  }
  claim.database = std::move(*database_name);
  claim.schema = std::move(*schema_name);
  return claim;
}

// Its first byte is, to a Protobuf parser, the beginning of a group, whose end, the byte '|', does not come: a reference has none.
std::string claim_stub(std::string_view reference) { return fmt::format("{{\"{}\":\"{}\"}}", claim_header, reference); }

void require_valid(const std::vector<ClaimRule>& rules) { (void)TopicRules<ClaimRule>{rules}; }

}  // namespace annals::outbox
