#include "annals/eventstore/event_tail.hpp"

#include <optional>

#include "annals/eventstore/schema.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/migrator.hpp"
#include "read/event_reader.hpp"

namespace annals::eventstore {

struct EventTail::Impl {
  postgres::Connection connection;
  EventReader reader;
  std::optional<postgres::Doorbell> bell;  // its session is opened when there is first something to wait for

  Impl(const postgres::Database& database, Options options)
      : connection(database), reader(connection, database.schema, options) {
    postgres::require_schema(connection, schema());
  }
};

EventTail::EventTail(const postgres::Database& database, Options options)
    : impl_(std::make_unique<Impl>(database, options)) {}
EventTail::~EventTail() = default;
EventTail::EventTail(EventTail&&) noexcept = default;
EventTail& EventTail::operator=(EventTail&&) noexcept = default;

EventTail::State EventTail::read(GlobalPosition after, std::size_t events_max,
                                 const std::function<void(const RecordedEvent&)>& visit) {
  const auto state = impl_->reader.read(after, events_max);
  if (state == State::rows && impl_->bell) impl_->bell->rest();
  for (std::size_t i = 0; i < impl_->reader.size(); ++i) visit(impl_->reader.event(i));
  return state;
}

EventTail::Wake EventTail::wait(std::chrono::milliseconds wait) {
  if (!impl_->bell) impl_->bell.emplace(impl_->connection, impl_->reader.tail().table());
  return impl_->bell->wait(wait);
}

std::vector<postgres::Blocker> EventTail::blockers() { return impl_->reader.tail().blockers(); }

GlobalPosition EventTail::last_position() {
  const auto row =
      impl_->connection.query("SELECT coalesce(max(position), 0) FROM " + impl_->reader.tail().table().relation);
  return GlobalPosition{row.bigint(0, 0)};
}

}  // namespace annals::eventstore
