#include "annals/postgres/pqxx_compat.hpp"

#include <libpq-fe.h>

#include <array>
#include <pqxx/largeobject>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "session/commit_watch.hpp"

namespace annals::postgres {
namespace {

#if ANNALS_PQXX_VERSION < 700
auto native(const PqxxParams& params) { return pqxx::prepare::make_dynamic_params(params.items()); }
#else
pqxx::params native(const PqxxParams& params) {
  pqxx::params out;
  out.reserve(params.items().size());
  for (const auto& item : params.items()) {
    if (item) {
      out.append(*item);
    } else {
      out.append();
    }
  }
  return out;
}
#endif

/// Reaches the libpq connection under a transaction, as libpqxx's own large objects do.
struct Raw : pqxx::largeobject {
  using pqxx::largeobject::raw_connection;
};

int hex_value(char c) noexcept { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

}  // namespace

void require_open(const pqxx::transaction_base& tx) {
  const auto* transaction = dynamic_cast<const pqxx::dbtransaction*>(&tx);
  if (transaction == nullptr) return;
  const auto status = PQtransactionStatus(Raw::raw_connection(*transaction));
  if (status != PQTRANS_IDLE && status != PQTRANS_INERROR) return;
  throw Error{ErrorKind::failed,
              "the transaction was ended, or failed by a statement whose error was swallowed",
              {.hint = "let SQL errors out; to try a statement use a pqxx::subtransaction"}};
}

void commit(pqxx::dbtransaction& tx) {
  CommitWatch watch{Raw::raw_connection(tx)};
  tx.commit();
  watch.require_replicated();
}

PqxxParams& PqxxParams::null() {
  items_.emplace_back();
  return *this;
}

PqxxParams& PqxxParams::text(std::string_view value) {
  items_.emplace_back(std::string{value});
  return *this;
}

PqxxParams& PqxxParams::optional_text(std::string_view value) { return value.empty() ? null() : text(value); }

PqxxParams& PqxxParams::integer(std::int64_t value) { return text(std::to_string(value)); }
PqxxParams& PqxxParams::bytea(std::string_view value) { return text(encode_bytea(value)); }

pqxx::result exec_params(pqxx::transaction_base& tx, const std::string& sql, const PqxxParams& params) {
  require_open(tx);
#if ANNALS_PQXX_VERSION < 710
  return tx.exec_params(sql, native(params));
#else
  return tx.exec(sql, native(params));
#endif
}

void prepare(pqxx::transaction_base& tx, const std::string& name, const std::string& sql) {
  require_open(tx);
  tx.conn().prepare(name, sql);
}

pqxx::result exec_prepared(pqxx::transaction_base& tx, const std::string& name, const PqxxParams& params) {
  require_open(tx);
#if ANNALS_PQXX_VERSION < 710
  return tx.exec_prepared(name, native(params));
#else
  return tx.exec(pqxx::prepped{name}, native(params));
#endif
}

int backend_pid(pqxx::transaction_base& tx) { return tx.conn().backendpid(); }

std::string decode_bytea(std::string_view hex_text) {
  ANNALS_ASSERT(hex_text.starts_with("\\x") && hex_text.size() % 2 == 0);
  std::string out;
  out.reserve(hex_text.size() / 2 - 1);
  for (std::size_t i = 2; i < hex_text.size(); i += 2) {
    out += static_cast<char>(hex_value(hex_text[i]) << 4 | hex_value(hex_text[i + 1]));
  }
  return out;
}

std::string encode_bytea(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\\x";
  out.reserve(2 + bytes.size() * 2);
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4U];
    out += digits[static_cast<unsigned char>(c) & 0xFU];
  }
  return out;
}

}  // namespace annals::postgres
