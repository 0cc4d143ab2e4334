#include "annals/outbox/claim.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "admission/topic_rules.hpp"
#include "annals/core/text/number.hpp"

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

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto byte = parse_number<unsigned char>(text.substr(i + 1, 2), 16);
    if (i + 2 >= text.size() || !byte) return std::nullopt;
    out.push_back(static_cast<char>(*byte));
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
  const auto claim_number = parse_number<std::int64_t>(*number);
  const auto claim_bytes = parse_number<std::uint64_t>(*bytes);
  if (!database_name || !schema_name || !claim_number || !claim_bytes) return std::nullopt;
  return Claim{.database = std::move(*database_name),
               .schema = std::move(*schema_name),
               .number = *claim_number,
               .bytes = *claim_bytes,
               .sha256 = std::string{reference}};
}

// Its first byte is, to a Protobuf parser, the beginning of a group, whose end, the byte '|', does not come: a reference has none.
std::string claim_stub(std::string_view reference) { return fmt::format("{{\"{}\":\"{}\"}}", claim_header, reference); }

void require_valid(const std::vector<ClaimRule>& rules) { (void)TopicRules<ClaimRule>{rules}; }

}  // namespace annals::outbox
