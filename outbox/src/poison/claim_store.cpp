#include "annals/outbox/claim_store.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "poison/sha256.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view no_data_found = "P0002";
constexpr std::size_t reference_bytes_shown = 500;

Redeemed lacking(std::string_view reference, std::string_view why) {
  return {.payload = {},
          .fault = fmt::format("its payload is the claim {}, {}", printable(reference, reference_bytes_shown), why)};
}

Redeemed checked(const Claim& claim, std::string_view reference, std::string payload) {
  if (payload.size() != claim.bytes) {
    return lacking(reference, fmt::format("and what was fetched for it has {} bytes", payload.size()));
  }
  if (const auto sha256 = sha256_hex(payload); sha256 != claim.sha256) {
    return lacking(reference, fmt::format("and what was fetched for it has SHA-256 {}", sha256));
  }
  return {.payload = std::move(payload), .fault = {}};
}

}  // namespace

struct PostgresClaimStore::Impl {
  std::string fetch(const Claim& claim) {
    if (!session) session = std::make_unique<postgres::Connection>(database);
    const auto row =
        session->query_prepared("annals_claim_payload", postgres::render(sql::claim_payload, database.schema),
                                postgres::Params{}.text(to_string(claim)));
    return std::string{row.bytes(0, 0)};
  }

  postgres::Database database;
  std::unique_ptr<postgres::Connection> session;  // while it is good
};

PostgresClaimStore::PostgresClaimStore(postgres::Database database)
    : impl_(new Impl{.database = std::move(database), .session = nullptr}) {}

PostgresClaimStore::~PostgresClaimStore() = default;

std::optional<std::string> PostgresClaimStore::fetch(const Claim& claim) {
  try {
    return impl_->fetch(claim);
  } catch (const Error& error) {
    if (error.sqlstate() == no_data_found) return std::nullopt;
    impl_->session.reset();
    throw;
  }
}

Redeemed redeem(ClaimStore& store, std::string_view reference) {
  const auto claim = parse_claim(reference);
  if (!claim) return lacking(reference, "which is no reference that this library knows");
  try {
    auto payload = store.fetch(*claim);
    if (payload) return checked(*claim, reference, std::move(*payload));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    return lacking(reference, error.message());
  }
  return lacking(
      reference,
      "which the claim store does not have: its time is over (annals outbox retention --claims), or it is in "
      "another database than the store's");
}

}  // namespace annals::outbox
