#pragma once
#include <cstddef>
#include <iterator>

#include "annals/core/event.hpp"
#include "annals/postgres/ordered_tail.hpp"

namespace annals::eventstore {

class EventReader;

/// The events of one read, in position order, as a range. The rows lie in memory as the server sent them; an event is
/// decoded when the loop comes to it.
///
///     for (const auto& event : tail.read(position, 1'000)) position = event.position;
///
/// Lifecycle      valid until the next read of the reader that gave it. The event is the reader's own and is overwritten by
///                the next one: copy what is to outlive one turn of the loop.
/// Thread safety  none.
/// Ownership      borrows the reader. No database transaction is open: whoever walks it may take its time.
/// Errors         Error{corrupt} from the iterator at a row that cannot be decoded.
class EventBatch {
 public:
  using State = postgres::OrderedTail::State;

  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = RecordedEvent;
    using difference_type = std::ptrdiff_t;

    Iterator(EventReader& reader, std::size_t index) noexcept : reader_(&reader), index_(index) {}
    [[nodiscard]] const RecordedEvent& operator*() const;
    Iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    void operator++(int) noexcept { ++index_; }
    bool operator==(const Iterator& other) const noexcept { return index_ == other.index_; }

   private:
    EventReader* reader_;
    std::size_t index_;
  };

  EventBatch(EventReader& reader, State state, std::size_t size) noexcept
      : reader_(&reader), state_(state), size_(size) {}

  /// `rows` exactly when there are events; else why there are none.
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] Iterator begin() const noexcept { return {*reader_, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {*reader_, size_}; }

 private:
  EventReader* reader_;
  State state_;
  std::size_t size_;
};

}  // namespace annals::eventstore
