#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annals::outbox {

/// The header of a record whose payload is elsewhere: a claim, as to_string() writes it.
inline constexpr std::string_view claim_header = "annals-claim";

/// The claim check of a message: its payload was too large to be published, so it stayed in the database, in the table claims, and
/// this was published instead.
struct Claim {
  std::string database;  ///< its name; for people, and for a ClaimStore that knows several
  std::string schema;    ///< of Annals' tables there
  std::int64_t number = 0;
  std::uint64_t bytes = 0;  ///< of the payload
  std::string sha256;       ///< of the payload, in 64 hexadecimal digits

  bool operator==(const Claim&) const = default;
};

/// "annals-claim:shop/annals/42?bytes=2000000&sha256=…": a URI.
[[nodiscard]] std::string to_string(const Claim& claim);
/// Nothing for anything else.
[[nodiscard]] std::optional<Claim> parse_claim(std::string_view reference);
/// What is published in place of the payload. JSON that says what it is, and no Protobuf message of whatever type: who does not know
/// claims fails at it, instead of taking an empty payload for a message without content.
[[nodiscard]] std::string claim_stub(std::string_view reference);

/// From which size on messages of some topics are published as a claim: one topic, those that begin like "shop.*", or "*", all that
/// no other rule names. The longest that fits counts; without one none is.
struct ClaimRule {
  /// Below what librdkafka (message.max.bytes, 1,000,000) and brokers (max.message.bytes, 1,048,588) take when nobody says otherwise.
  static constexpr std::size_t usual_bytes = 900'000;

  std::string topics;
  /// Of the record, with key, headers and what the encoding makes of the payload. Whose payload is less than half of that has none
  /// all the same: it would not become small by it. 0: never.
  std::size_t above_bytes = usual_bytes;

  bool operator==(const ClaimRule&) const = default;
};

/// Throws Error{invalid} for a rule that no topic can match, and for two for the same topics.
void require_valid(const std::vector<ClaimRule>& rules);

}  // namespace annals::outbox
