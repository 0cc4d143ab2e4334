#pragma once
#include <memory>
#include <optional>
#include <string>

#include "annals/outbox/claim.hpp"
#include "annals/postgres/database.hpp"

namespace annals::outbox {

/// Port: where the payloads of claims are fetched. Implemented by PostgresClaimStore. Whoever has claims of several databases writes
/// one that looks at Claim::database.
///
/// Thread safety  none: one thread.
/// Errors         whatever says that there is no answer now; Error{disconnected}: asking again may help.
class ClaimStore {
 public:
  ClaimStore() = default;
  ClaimStore(const ClaimStore&) = delete;
  ClaimStore& operator=(const ClaimStore&) = delete;
  virtual ~ClaimStore() = default;

  /// The payload; nothing: it is not there, and will not be. What it returns need not be checked here.
  [[nodiscard]] virtual std::optional<std::string> fetch(const Claim& claim) = 0;
};

/// Fetches payloads from the database that the relay took them from, or from a replica of it. Its role is a claim-reader (`annals
/// schema roles apply --claim-reader ROLE`): it can fetch what it has a reference to, and list nothing.
///
/// Lifecycle      construct (does no I/O) -> fetch() many times. Opens a session at the first use, and a new one after an Error.
/// Thread safety  none. Errors: those of postgres::Connection; Error{corrupt}: what is kept is not what the claim says.
/// Limits         database.statement_timeout bounds a fetch.
class PostgresClaimStore final : public ClaimStore {
 public:
  explicit PostgresClaimStore(postgres::Database database);
  ~PostgresClaimStore() override;
  PostgresClaimStore(const PostgresClaimStore&) = delete;
  PostgresClaimStore& operator=(const PostgresClaimStore&) = delete;

  [[nodiscard]] std::optional<std::string> fetch(const Claim& claim) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What became of a claim that was to be redeemed.
struct Redeemed {
  std::string payload;  ///< checked: of the size and SHA-256 that the claim says
  std::string fault;    ///< not empty: there is no payload, and why
};
/// Fetches what `reference` stands for. Throws what the store throws.
[[nodiscard]] Redeemed redeem(ClaimStore& store, std::string_view reference);

}  // namespace annals::outbox
