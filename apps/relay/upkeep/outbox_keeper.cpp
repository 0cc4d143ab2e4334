#include "relay/upkeep/outbox_keeper.hpp"

#include "annals/outbox/retention.hpp"
#include "annals/postgres/connection.hpp"
#include "relay/database.hpp"
#include "relay/upkeep/stoppable_wait.hpp"

namespace annals::relayd {

void OutboxKeeper::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      keep(stop);
    } catch (const Error& error) {
      tell(error);
    }
    metrics_.retention(nullptr);
    wait(stop, interval);
  }
}

void OutboxKeeper::keep(const std::stop_token& stop) {
  postgres::Connection connection{database_of(config_)};
  while (!stop.stop_requested()) {
    if (config_.maintain) maintain(connection, stop);
    const auto status = outbox::read_retention(connection, config_.database.schema);
    metrics_.retention(&status);
    wait(stop, interval);
  }
}

void OutboxKeeper::maintain(postgres::Connection& connection, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto step = outbox::maintain_outbox(connection, config_.database.schema);
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

/// What is wrong with the database the sources say; what keeps it from being maintained nobody else does.
void OutboxKeeper::tell(const Error& error) {
  const bool is_known = error.kind() == ErrorKind::disconnected || error.kind() == ErrorKind::not_ready;
  log_.write_limited(is_known ? host::Level::debug : host::Level::warn, "the outbox is not maintained",
                     {{"reason", error.message()}, {"hint", error.hint()}});
}

}  // namespace annals::relayd
