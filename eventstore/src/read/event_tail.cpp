#include "annals/eventstore/event_tail.hpp"

#include <optional>

#include "annals/eventstore/schema.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/migrator.hpp"
#include "annals_eventstore_sql.hpp"
#include "read/event_reader.hpp"

namespace annals::eventstore {

struct EventTail::Impl {
  postgres::Connection connection;
  EventReader reader;
  postgres::Doorbell::Pace pace;
  std::optional<postgres::Doorbell> bell;  // made when there is first something to wait for
  bool more = true;

  Impl(const postgres::Database& database, const Options& options)
      : connection(database),
        reader(connection, database.schema, {.rows_max = options.rows_max, .bytes_max = options.bytes_max}),
        pace(options.pace) {
    postgres::require_schema(connection, schema());
    if (!options.types.empty()) reader.tail().set_filter({std::string{sql::filter_types}, options.types});
  }
};

EventTail::EventTail(const postgres::Database& database, const Options& options)
    : impl_(std::make_unique<Impl>(database, options)) {}
EventTail::~EventTail() = default;
EventTail::EventTail(EventTail&&) noexcept = default;
EventTail& EventTail::operator=(EventTail&&) noexcept = default;

EventBatch EventTail::read(GlobalPosition after, std::size_t events_max) {
  const auto batch = impl_->reader.read(after, events_max);
  impl_->more = impl_->reader.tail().more() && batch.state() == State::rows;
  if (impl_->bell) {
    impl_->bell->looked(batch.size());
    // Who is blocked does not wait for the bell; what rings meanwhile, or what anybody sends, must not pile up.
    if (batch.state() == State::blocked) (void)impl_->bell->drain();
  }
  return batch;
}

bool EventTail::ready() const noexcept { return impl_->more || !impl_->bell || impl_->bell->due(); }

EventTail::Wake EventTail::wait(std::chrono::milliseconds wait) {
  if (!impl_->bell) impl_->bell.emplace(impl_->connection, impl_->reader.tail().table(), impl_->pace);
  return impl_->bell->wait(wait);
}

void EventTail::wake_up() {
  if (impl_->bell) impl_->bell->wake_up();
}

GlobalPosition EventTail::horizon() const noexcept { return GlobalPosition{impl_->reader.tail().horizon()}; }

std::chrono::milliseconds EventTail::retry_after() const noexcept { return impl_->reader.tail().retry_after(); }

std::vector<postgres::Blocker> EventTail::blockers() { return impl_->reader.tail().blockers(); }

GlobalPosition EventTail::last_position() {
  const auto row =
      impl_->connection.query("SELECT coalesce(max(position), 0) FROM " + impl_->reader.tail().table().relation);
  return GlobalPosition{row.bigint(0, 0)};
}

}  // namespace annals::eventstore
