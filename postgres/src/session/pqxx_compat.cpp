#include "annals/postgres/pqxx_compat.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <pqxx/largeobject>

#include "annals/core/error.hpp"
#include "annals/postgres/error.hpp"
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

/// Text goes to the server as it is; in another encoding it would be stored as other characters, and a stream of that name
/// would be another stream. SQL_ASCII converts nothing.
void require_utf8(const pg_conn* connection) {
  static const int utf8 = pg_char_to_encoding("UTF8");
  static const int ascii = pg_char_to_encoding("SQL_ASCII");
  const int encoding = PQclientEncoding(connection);
  if (encoding == utf8 || encoding == ascii || PQstatus(connection) != CONNECTION_OK) return;
  throw invalid(fmt::format("the session's client_encoding is {}, and text of events and messages is UTF-8",
                            pg_encoding_to_char(encoding)),
                "give its connection string client_encoding=UTF8");
}

/// The digit's value; throws when it is none below `base`.
int digit(char c, int base) {
  const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : base;
  if (value >= base) throw corrupt_data("a bytea value", "is neither in hex nor in escape form");
  return value;
}

std::string decode_hex(std::string_view digits) {
  std::string out;
  out.reserve(digits.size() / 2);
  if (digits.size() % 2 != 0) throw corrupt_data("a bytea value", "has an odd number of hex digits");
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    out += static_cast<char>(digit(digits[i], 16) << 4 | digit(digits[i + 1], 16));
  }
  return out;
}

/// Printable bytes stand for themselves, a backslash is doubled, any other byte is a backslash and three octal digits.
std::string decode_escape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
    } else if (text.substr(i + 1).starts_with('\\')) {
      out += text[++i];
    } else {
      const auto octal = text.substr(i + 1, 3);
      if (octal.size() < 3) throw corrupt_data("a bytea value", "ends in the middle of an escape");
      out += static_cast<char>(digit(octal[0], 4) << 6 | digit(octal[1], 8) << 3 | digit(octal[2], 8));
      i += 3;
    }
  }
  return out;
}

}  // namespace

void require_open(const pqxx::transaction_base& tx) {
  const auto* transaction = dynamic_cast<const pqxx::dbtransaction*>(&tx);
  if (transaction == nullptr) return;
  auto* connection = Raw::raw_connection(*transaction);
  require_utf8(connection);
  const auto status = PQtransactionStatus(connection);
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

std::string decode_bytea(std::string_view text) {
  // Escape form begins with \x never: it doubles each backslash.
  return text.starts_with("\\x") ? decode_hex(text.substr(2)) : decode_escape(text);
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
