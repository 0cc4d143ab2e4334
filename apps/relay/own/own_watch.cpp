#include "relay/own/own_watch.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/postgres/connection.hpp"
#include "annals_relay_own_sql.hpp"
#include "relay/own/own_check.hpp"

namespace annals::relayd {

namespace {

std::string identity_of(postgres::Connection& connection, const OwnOutbox& own) {
  const auto dot = own.table.find('.');
  const auto row = connection.query(
      std::string{relay_own::sql::own_identity},
      postgres::Params{}.text(own.table.substr(0, dot)).text(own.table.substr(dot + 1)).text(own.position));
  return row.empty() ? std::string{} : row.text(0, 0);
}

}  // namespace

std::string OwnWatch::ask(postgres::Connection& connection, Time now) {
  next_ = now + interval;
  try {
    require_readable(connection, database_.schema, own_);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_ready) forget();  // what mends it alters the sequence, too
    throw;
  }
  return identity_of(connection, own_);
}

/// What was known before stays: a table that was replaced while a session ended may have been published in part.
void OwnWatch::begin(postgres::Connection& connection, Time now) {
  const auto identity = ask(connection, now);
  if (known_.empty()) known_ = identity;
}

void OwnWatch::look(Time now) {
  if (!known_.empty() && now < next_) return;
  std::string identity;
  try {
    postgres::Connection connection{database_};
    identity = ask(connection, now);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_ready) throw;
    return;
  }
  compare(identity);
}

void OwnWatch::compare(const std::string& identity) {
  if (known_.empty()) known_ = identity;
  if (identity == known_) return;
  throw Error{
      ErrorKind::corrupt,
      fmt::format("{} was replaced by another table while it was read, or its numbers were begun anew or "
                  "altered: rows may be below what is published, and not be published",
                  own_.table),
      {.hint = fmt::format("`annals relay adopt {} --log {} --position 0 --yes{}`, with this relay's --config, has all "
                           "published that is there now; a higher position leaves out what is at or below it",
                           quote_shell(relay_), quote_shell(own_.table), postgres::schema_option(database_.schema))}};
}

}  // namespace annals::relayd
