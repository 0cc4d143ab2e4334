#include "annals/testing/memory_message_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"

namespace annals::testing {

std::int64_t MemoryMessageLog::add(LoggedMessage message, State state) {
  rows_.push_back({std::move(message), EventId::generate(), state});
  return static_cast<std::int64_t>(rows_.size());
}

std::int64_t MemoryMessageLog::append(LoggedMessage message) { return add(std::move(message), State::committed); }
std::int64_t MemoryMessageLog::append_open(LoggedMessage message) { return add(std::move(message), State::open); }
void MemoryMessageLog::commit(std::int64_t position) {
  rows_.at(static_cast<std::size_t>(position - 1)).state = State::committed;
}
void MemoryMessageLog::roll_back(std::int64_t position) {
  rows_.at(static_cast<std::size_t>(position - 1)).state = State::rolled_back;
}

outbox::Cursor MemoryMessageSource::cursor_of(const Place& place) const {
  return {fmt::format("memory/1 {} {} {}", log_.history_, place.position, place.id.to_string())};
}

outbox::MessageSource::Place MemoryMessageSource::place_at(std::int64_t position) const {
  for (; position > 0; --position) {
    const auto& row = log_.rows_.at(static_cast<std::size_t>(position - 1));
    if (row.state == MemoryMessageLog::State::committed) return {.position = position, .id = row.id};
  }
  return {};
}

outbox::Cursor MemoryMessageSource::first(const outbox::Start& start, std::chrono::milliseconds) {
  const auto end = static_cast<std::int64_t>(log_.rows_.size());
  if (start.at == outbox::Start::At::beginning) return cursor_of({});
  if (start.at == outbox::Start::At::position) return cursor_of(place_at(std::min(start.position, end)));
  if (std::any_of(log_.rows_.begin(), log_.rows_.end(),
                  [](const auto& row) { return row.state == MemoryMessageLog::State::open; })) {
    throw Error{ErrorKind::overloaded, "a transaction is still open", {.hint = "wait for it"}};
  }
  return cursor_of(place_at(end));
}

void MemoryMessageSource::start(const outbox::Cursor& after) {
  for (std::int64_t position = 0; position <= static_cast<std::int64_t>(log_.rows_.size()); ++position) {
    const auto place = place_at(position);
    if (place.position != position || cursor_of(place) != after) continue;
    places_.assign(1, place);
    read_up_to_ = position;
    size_ = 0;
    return;
  }
  throw Error{ErrorKind::corrupt, fmt::format("\"{}\" is no place in history {}", after.bytes, log_.history_)};
}

outbox::MessageSource::State MemoryMessageSource::read() {
  size_ = 0;
  while (size_ < batch_max_ && read_up_to_ < static_cast<std::int64_t>(log_.rows_.size())) {
    const auto& row = log_.rows_[static_cast<std::size_t>(read_up_to_)];
    if (row.state == MemoryMessageLog::State::open) return size_ > 0 ? State::rows : State::blocked;
    ++read_up_to_;
    if (row.state == MemoryMessageLog::State::rolled_back) continue;
    places_.push_back({.position = read_up_to_, .id = row.id});
    ++size_;
  }
  return size_ > 0 ? State::rows : State::caught_up;
}

void MemoryMessageSource::decode(std::size_t index, outbox::MessageView& view) const {
  view.ticket = static_cast<std::int64_t>(places_.size() - size_ + index);
  const auto place = this->place(view.ticket);
  const auto& message = log_.rows_[static_cast<std::size_t>(place.position - 1)].message;
  view.position = place.position;
  view.id = place.id;
  view.topic = message.topic;
  view.key = message.key;
  view.type = "memory.v1.Message";
  view.payload = message.payload;
}

outbox::MessageSource::Place MemoryMessageSource::place(std::int64_t ticket) const {
  ANNALS_ASSERT(ticket >= forgotten && ticket < static_cast<std::int64_t>(places_.size()));
  return places_[static_cast<std::size_t>(ticket)];
}

outbox::Cursor MemoryMessageSource::cursor(std::int64_t ticket) const { return cursor_of(place(ticket)); }

bool MemoryMessageSource::find(std::int64_t ticket, outbox::MessageView& view) {
  const auto size = std::exchange(size_, places_.size() - static_cast<std::size_t>(ticket));
  decode(0, view);
  size_ = size;
  return true;
}

bool MemoryMessageSource::wait(std::chrono::milliseconds) {
  if (read_up_to_ == static_cast<std::int64_t>(log_.rows_.size())) return false;
  return log_.rows_[static_cast<std::size_t>(read_up_to_)].state != MemoryMessageLog::State::open;
}

}  // namespace annals::testing
