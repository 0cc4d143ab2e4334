#include "relay/upkeep/outbox_keeper.hpp"

#include <algorithm>
#include <optional>

#include "annals/outbox/retention.hpp"
#include "annals/postgres/connection.hpp"
#include "relay/database.hpp"
#include "relay/upkeep/stoppable_wait.hpp"

namespace annals::relayd {

using outbox::Kept;

void OutboxKeeper::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      keep(stop);
    } catch (const Error& error) {
      tell(error);
    }
    for (const auto table : {Kept::outbox, Kept::claims}) show(table, nullptr);
    wait(stop, interval);
  }
}

void OutboxKeeper::keep(const std::stop_token& stop) {
  postgres::Connection connection{database_of(config_)};
  while (!stop.stop_requested()) {
    const auto& sources = config_.sources;
    if (std::ranges::find(sources, "outbox") != sources.end()) keep(connection, Kept::outbox, stop);
    keep(connection, Kept::claims, stop);
    wait(stop, interval);
  }
}

void OutboxKeeper::keep(postgres::Connection& connection, Kept table, const std::stop_token& stop) {
  if (config_.maintain) maintain(connection, table, stop);
  const auto status = outbox::read_retention(connection, config_.database.schema, table);
  show(table, &status);
}

void OutboxKeeper::maintain(postgres::Connection& connection, Kept table, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto step = outbox::maintain_outbox(connection, config_.database.schema, table);
    if (!step.more()) {
      if (!step.partition.empty()) {
        log_.write_limited(host::Level::debug, "a partition of the outbox is to be changed, and the table is in use",
                           {{"partition", step.partition}, {"reason", step.detail}});
      }
      return;
    }
    log_.write(host::Level::info, "the outbox was maintained",
               {{"action", to_string(step.action)}, {"partition", step.partition}});
  }
}

/// Once for all shards: the tables are one, and claims are of every log.
void OutboxKeeper::show(Kept table, const outbox::RetentionStatus* status) const {
  const auto units = units_.all();
  const auto first =
      std::ranges::find_if(units, [&](const auto& unit) { return table == Kept::claims || unit->log == "outbox"; });
  if (first == units.end()) return;
  if (table == Kept::outbox) {
    (*first)->metrics->retention(status);
  } else {
    (*first)->metrics->claim_table(status == nullptr ? std::nullopt : std::optional{status->size_bytes()});
  }
}

/// What is wrong with the database the sources say; what keeps it from being maintained nobody else does.
void OutboxKeeper::tell(const Error& error) {
  const bool is_known = error.kind() == ErrorKind::disconnected || error.kind() == ErrorKind::not_ready;
  log_.write_limited(is_known ? host::Level::debug : host::Level::warn, "the outbox is not maintained",
                     {{"reason", error.message()}, {"hint", error.hint()}});
}

}  // namespace annals::relayd
