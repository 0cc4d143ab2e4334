#include "runner/checkpoint.hpp"

#include <fmt/format.h>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_projections_sql.hpp"
#include "runner/remedy.hpp"

namespace annals::projections {

using postgres::PqxxParams;
using postgres::render;

std::string lock_name_of(const std::string& schema, const std::string& name, int version) {
  return postgres::ownership_name({"projection", schema, name, std::to_string(version)});
}

Checkpoint::Checkpoint(ProjectionKey key, std::string system_identifier)
    : key_(std::move(key)),
      system_identifier_(std::move(system_identifier)),
      create_("projection_create", render(sql::checkpoint_create, key_.schema)),
      lock_("projection_lock", render(sql::checkpoint_lock, key_.schema)),
      event_at_("projection_event_at", render(sql::event_at, eventstore::message_log(key_.schema))),
      move_("projection_move", render(sql::checkpoint_move, key_.schema)),
      reset_("projection_reset", render(sql::checkpoint_reset, key_.schema)),
      peek_("projection_peek", render(sql::checkpoint_peek, key_.schema)) {}

PqxxParams Checkpoint::params() const { return PqxxParams{}.text(key_.name).integer(key_.version); }

void Checkpoint::create(pqxx::transaction_base& tx) const { create_.exec(tx, params().text(system_identifier_)); }

Checkpoint::Row Checkpoint::lock(pqxx::transaction_base& tx) const {
  const auto found = lock_.exec(tx, params());
  if (found.empty())
    refuse({}, "is gone: another program deleted its row",
           "empty the read model, then start a new runner: it begins at zero");
  const auto row = found[0];
  return {GlobalPosition{row[0].as<std::int64_t>()}, row[1].as<bool>(), row[2].as<std::string>(),
          row[3].is_null() ? "" : row[3].as<std::string>()};
}

void Checkpoint::require_ours(pqxx::transaction_base& tx, const Row& row) const {
  if (row.position != GlobalPosition{}) {
    const auto event = event_at_.exec(tx, PqxxParams{}.integer(row.position.value()));
    const auto there = event.empty() ? std::string{} : event[0][0].as<std::string>();
    if (there != row.event_id) {
      refuse(row,
             fmt::format("stands on event {}, {}", row.event_id,
                         there.empty() ? "which is not there" : fmt::format("but that position holds event {}", there)),
             rebuild_or_place(key_));
    }
  }
  if (row.system_identifier == system_identifier_) return;
  refuse(row, fmt::format("was made in cluster {}, and this is cluster {}", row.system_identifier, system_identifier_),
         adopt_or_rebuild(key_));
}

void Checkpoint::move(pqxx::transaction_base& tx, GlobalPosition position, const EventId& event) const {
  const auto moved = move_.exec(tx, params().integer(position.value()).text(event.to_string()));
  ANNALS_ASSERT(moved.affected_rows() == 1);
}

void Checkpoint::reset(pqxx::transaction_base& tx) const {
  const auto moved = reset_.exec(tx, params().text(system_identifier_));
  ANNALS_ASSERT(moved.affected_rows() == 1);
}

bool Checkpoint::stands_at(pqxx::transaction_base& tx, GlobalPosition position) const {
  const auto row = peek_.exec(tx, params());
  return !row.empty() && row[0][0].as<std::int64_t>() == position.value() && !row[0][1].as<bool>();
}

void Checkpoint::refuse(const Row& row, const std::string& what, std::string hint) const {
  throw Error{ErrorKind::corrupt,
              fmt::format("checkpoint {} of projection \"{}\" version {} {}", row.position.value(), key_.name,
                          key_.version, what),
              {.hint = std::move(hint)}};
}

}  // namespace annals::projections
