#include "relay/registry/registry_answer.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "annals/json/scanner.hpp"
#include "annals/json/string.hpp"

namespace annals::relayd {
namespace {

using Kind = RegistryAnswer::Kind;

constexpr std::size_t members_max = 100;
constexpr std::size_t reason_bytes_max = 300;

/// What the body says, as far as it matters.
struct Body {
  std::int64_t id = 0;
  std::int64_t error_code = 0;
  std::string message;
  std::string guid;
  std::string type;
  std::string text;
};

std::string text_of(std::string_view json) { return json.starts_with('"') ? json::decode_string(json) : std::string{}; }

std::int64_t number_of(std::string_view json) { return parse_number<std::int64_t>(json).value_or(0); }

void take(const json::Member& member, Body& body) {
  if (member.name == "id") body.id = number_of(member.text);
  if (member.name == "error_code") body.error_code = number_of(member.text);
  if (member.name == "message") body.message = text_of(member.text);
  if (member.name == "guid") body.guid = text_of(member.text);
  if (member.name == "schemaType") body.type = text_of(member.text);
  if (member.name == "schema") body.text = text_of(member.text);
}

/// Nothing: it is no JSON object.
std::optional<Body> read_body(std::string_view text) {
  try {
    json::require_unicode(text);
    Body body;
    for (const auto& member : json::members(text, members_max)) take(member, body);
    return body;
  } catch (const json::Malformed&) {
    return std::nullopt;
  }
}

std::optional<std::array<std::uint8_t, 16>> parse_guid(std::string_view text) {
  std::array<std::uint8_t, 16> guid{};
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const auto value = parse_number<std::uint8_t>({&c, 1}, 16);
    if (!value || digits == 2 * guid.size()) return std::nullopt;
    auto& byte = guid.at(digits++ / 2);
    byte = static_cast<std::uint8_t>(byte << 4U | *value);
  }
  return digits == 2 * guid.size() ? std::optional{guid} : std::nullopt;
}

RegistryAnswer without(Kind kind, long status, const std::optional<Body>& body) {
  const auto said = body ? printable(std::string_view{body->message}.substr(0, reason_bytes_max)) : std::string{};
  return {.kind = kind, .reason = fmt::format("{}{}{}", status, said.empty() ? "" : ": ", said)};
}

/// Of an answer that is no success. Codes of five digits are the registry's own: a proxy or a wrong path has none.
Kind kind_of(long status, const std::optional<Body>& body) {
  constexpr std::int64_t own_codes = 10'000;
  if (status >= 500 || status == 408 || status == 429) return Kind::away;
  const bool is_own = body && body->error_code >= own_codes;
  if (status == 404 || status == 422) return is_own ? Kind::missing : Kind::denied;
  return status == 409 ? Kind::missing : Kind::denied;
}

}  // namespace

RegistryAnswer read_registry_answer(const HttpAnswer& answer) {
  if (answer.status == 0) return {.kind = Kind::away, .reason = printable(answer.failure)};
  const auto body = read_body(answer.body);
  if (answer.status != 200) return without(kind_of(answer.status, body), answer.status, body);
  if (!body || body->id <= 0 || body->id > INT32_MAX) {
    return {.kind = Kind::denied, .reason = "an answer that no schema registry gives"};
  }
  return {.kind = Kind::found,
          .id = static_cast<std::int32_t>(body->id),
          .guid = parse_guid(body->guid),
          .type = body->type,
          .text = body->text};
}

}  // namespace annals::relayd
