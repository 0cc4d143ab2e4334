#include "runner/checkpoint.hpp"

#include <fmt/format.h>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_projections_sql.hpp"

namespace annals::projections {

using postgres::PqxxParams;
using postgres::render;

std::string lock_name_of(const std::string& schema, const std::string& name, int version) {
  return postgres::ownership_name({"projection", schema, name, std::to_string(version)});
}

Checkpoint::Checkpoint(const std::string& schema, std::string name, int version, std::string system_identifier)
    : name_(std::move(name)),
      version_(version),
      system_identifier_(std::move(system_identifier)),
      create_("projection_create", render(sql::checkpoint_create, schema)),
      lock_("projection_lock", render(sql::checkpoint_lock, schema)),
      event_at_("projection_event_at", render(sql::event_at, schema)),
      move_("projection_move", render(sql::checkpoint_move, schema)),
      reset_("projection_reset", render(sql::checkpoint_reset, schema)),
      peek_("projection_peek", render(sql::checkpoint_peek, schema)) {}

PqxxParams Checkpoint::key() const { return PqxxParams{}.text(name_).integer(version_); }

void Checkpoint::create(pqxx::transaction_base& tx) const { create_.exec(tx, key().text(system_identifier_)); }

Checkpoint::Row Checkpoint::lock(pqxx::transaction_base& tx) const {
  const auto found = lock_.exec(tx, key());
  if (found.empty()) refuse({}, "is gone: another program deleted its row");
  const auto row = found[0];
  return {GlobalPosition{row[0].as<std::int64_t>()}, row[1].as<bool>(), row[2].as<std::string>(),
          row[3].is_null() ? "" : row[3].as<std::string>()};
}

void Checkpoint::require_ours(pqxx::transaction_base& tx, const Row& row) const {
  if (row.system_identifier != system_identifier_) {
    refuse(row,
           fmt::format("was made in cluster {}, and this is cluster {}", row.system_identifier, system_identifier_));
  }
  if (row.position == GlobalPosition{}) return;
  const auto event = event_at_.exec(tx, PqxxParams{}.integer(row.position.value()));
  if (event.empty()) refuse(row, fmt::format("stands on event {}, which is not there", row.event_id));
  const auto there = event[0][0].as<std::string>();
  if (there != row.event_id) {
    refuse(row, fmt::format("stands on event {}, but that position holds event {}", row.event_id, there));
  }
}

void Checkpoint::move(pqxx::transaction_base& tx, GlobalPosition position, const EventId& event) const {
  const auto moved = move_.exec(tx, key().integer(position.value()).text(event.to_string()));
  ANNALS_ASSERT(moved.affected_rows() == 1);
}

void Checkpoint::reset(pqxx::transaction_base& tx) const {
  const auto moved = reset_.exec(tx, key().text(system_identifier_));
  ANNALS_ASSERT(moved.affected_rows() == 1);
}

bool Checkpoint::stands_at(pqxx::transaction_base& tx, GlobalPosition position) const {
  const auto row = peek_.exec(tx, key());
  return !row.empty() && row[0][0].as<std::int64_t>() == position.value() && !row[0][1].as<bool>();
}

void Checkpoint::refuse(const Row& row, const std::string& what) const {
  throw Error{
      ErrorKind::corrupt,
      fmt::format("checkpoint {} of projection \"{}\" version {} {}", row.position.value(), name_, version_, what),
      {.hint = fmt::format("find out which history is the right one; then `annals projection reset {} "
                           "--projection-version {} --yes` replays it from zero",
                           name_, version_),
       .sqlstate = {}}};
}

}  // namespace annals::projections
