#pragma once
// The contract of outbox::MessageSource as a GoogleTest suite. A test program includes this once and instantiates it for
// its adapter:
//
//     INSTANTIATE_TEST_SUITE_P(Table, MessageSourceContract,
//                              ::testing::Values(MessageSourceAdapter{"outbox", make_outbox_harness}));
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/outbox/message_source.hpp"

namespace annals::testing {

/// An adapter and the way to write what it reads. One a test.
class MessageSourceHarness {
 public:
  MessageSourceHarness() = default;
  MessageSourceHarness(const MessageSourceHarness&) = delete;
  MessageSourceHarness& operator=(const MessageSourceHarness&) = delete;
  virtual ~MessageSourceHarness() = default;

  /// One committed message; the next message comes after it.
  virtual void write(const std::string& payload) = 0;
  /// A message of a transaction that stays open until end_open(); messages written meanwhile come after it.
  virtual void write_open(const std::string& payload) = 0;
  virtual void end_open(bool commit) = 0;
  /// A source that reads at most `batch_max` messages at once. The suite destroys one before it makes the next.
  virtual std::unique_ptr<outbox::MessageSource> make_source(std::size_t batch_max) = 0;
  /// Lets the log be another history from now on, for sources made after it.
  virtual void change_history() = 0;
};

struct MessageSourceAdapter {
  std::string name;
  std::function<std::unique_ptr<MessageSourceHarness>()> make;
  std::chrono::milliseconds patience = std::chrono::seconds{30};  ///< for a message that was committed to be read
  /// In what order it gives messages of different keys; then an open transaction delays what was drawn after it, or does not.
  enum class Order { positions, commits };
  Order order = Order::positions;
  bool is_in_table = true;  ///< false: there is no place that a number names, and none to wait for at the end

  friend std::ostream& operator<<(std::ostream& out, const MessageSourceAdapter& adapter) {
    return out << adapter.name;
  }
};

class MessageSourceContract : public ::testing::TestWithParam<MessageSourceAdapter> {
 protected:
  using State = outbox::MessageSource::State;
  using Payloads = std::vector<std::string>;

  MessageSourceContract() : harness_(GetParam().make()) {}

  static Payloads numbers(int first, int last) {
    Payloads out;
    for (int i = first; i <= last; ++i) out.push_back(std::to_string(i));
    return out;
  }
  void write(int first, int last) {
    for (const auto& payload : numbers(first, last)) harness_->write(payload);
  }
  std::unique_ptr<outbox::MessageSource> source(std::size_t batch_max = 3) { return harness_->make_source(batch_max); }
  std::unique_ptr<outbox::MessageSource> started(const outbox::Start& start = {}, std::size_t batch_max = 3) {
    auto out = source(batch_max);
    out->start(out->first(start, GetParam().patience));
    return out;
  }

  /// Takes what is at hand: payloads, and the tickets that they must have.
  void take(const outbox::MessageSource& source, Payloads& payloads, std::int64_t& ticket) {
    outbox::MessageView view;
    for (std::size_t i = 0; i < source.size(); ++i) {
      source.decode(i, view);
      payloads.emplace_back(view.payload);
      EXPECT_EQ(view.ticket, ++ticket);
      EXPECT_EQ(source.place(view.ticket).position, view.position);
      EXPECT_EQ(source.place(view.ticket).id, view.id);
    }
  }
  /// Reads until a read says that there is nothing; `state` is what that read said. `ticket` goes on from the run's last.
  Payloads read_all(outbox::MessageSource& source, std::int64_t& ticket, State* state = nullptr) {
    Payloads out;
    auto last = State::rows;
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    while ((last = source.read()) == State::rows && std::chrono::steady_clock::now() < deadline)
      take(source, out, ticket);
    if (state != nullptr) *state = last;
    return out;
  }
  Payloads read_all(outbox::MessageSource& source) {
    std::int64_t ticket = 0;
    return read_all(source, ticket);
  }
  /// Waits and reads until `count` messages have come.
  Payloads wait_for(outbox::MessageSource& source, std::size_t count, std::int64_t& ticket) {
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    Payloads out;
    while (out.size() < count && std::chrono::steady_clock::now() < deadline) {
      if (!source.wait(std::chrono::milliseconds{20})) continue;
      for (auto& payload : read_all(source, ticket)) out.push_back(std::move(payload));
    }
    return out;
  }
  void expect_corrupt(const outbox::Cursor& cursor) {
    const auto other = source();
    try {
      other->start(cursor);
      ADD_FAILURE() << "a cursor of no place here was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
    }
  }

  std::unique_ptr<MessageSourceHarness> harness_;
};

TEST_P(MessageSourceContract, GivesEverythingInOrderAndCountsIt) {
  write(1, 10);
  const auto reader = started();
  EXPECT_EQ(read_all(*reader), numbers(1, 10));
}

TEST_P(MessageSourceContract, IsCaughtUpWhenThereIsNoMore) {
  const auto reader = started();
  std::int64_t ticket = 0;
  auto state = State::rows;
  EXPECT_EQ(read_all(*reader, ticket, &state), Payloads{});
  EXPECT_EQ(state, State::caught_up);
  EXPECT_EQ(reader->size(), 0U);
}

TEST_P(MessageSourceContract, GivesWhatComesLaterWithoutHole) {
  write(1, 2);
  const auto reader = started();
  std::int64_t ticket = 0;
  EXPECT_EQ(read_all(*reader, ticket), numbers(1, 2));
  write(3, 7);
  EXPECT_EQ(wait_for(*reader, 5, ticket), numbers(3, 7));
}

TEST_P(MessageSourceContract, GoesOnRightAfterTheCursorOfAnyTicket) {
  write(1, 7);
  std::vector<outbox::Cursor> cursors;
  {
    const auto reader = started();
    (void)read_all(*reader);
    for (std::int64_t ticket = 0; ticket <= 7; ++ticket) cursors.push_back(reader->cursor(ticket));
  }
  for (int ticket = 0; ticket <= 7; ++ticket) {
    const auto reader = source();
    reader->start(cursors[static_cast<std::size_t>(ticket)]);
    EXPECT_EQ(read_all(*reader), numbers(ticket + 1, 7)) << "after ticket " << ticket;
  }
}

TEST_P(MessageSourceContract, KnowsTheTicketsThatWereNotForgotten) {
  write(1, 9);
  outbox::Cursor fifth;
  {
    const auto reader = started();
    std::int64_t ticket = 0;
    while (reader->read() == State::rows) {
      Payloads some;
      take(*reader, some, ticket);
      reader->forget(std::min<std::int64_t>(ticket, 5));
    }
    fifth = reader->cursor(5);
    EXPECT_GT(reader->place(9).position, reader->place(5).position);
  }
  const auto reader = source();
  reader->start(fifth);
  EXPECT_EQ(read_all(*reader), numbers(6, 9));
}

TEST_P(MessageSourceContract, FindsAMessageAgain) {
  write(1, 7);
  const auto reader = started();
  (void)read_all(*reader);
  outbox::MessageView view;
  ASSERT_TRUE(reader->find(2, view));
  EXPECT_EQ(view.payload, "2");
  EXPECT_EQ(view.ticket, 2);
  EXPECT_EQ(view.id, reader->place(2).id);
}

TEST_P(MessageSourceContract, LeavesNothingOutThatIsCommittedLate) {
  const bool by_position = GetParam().order == MessageSourceAdapter::Order::positions;
  const auto reader = started();
  std::int64_t ticket = 0;
  (void)read_all(*reader, ticket);
  write(1, 1);
  harness_->write_open("2");
  write(3, 3);
  auto state = State::rows;
  if (by_position) {
    EXPECT_EQ(wait_for(*reader, 1, ticket), numbers(1, 1));
    EXPECT_EQ(read_all(*reader, ticket, &state), Payloads{});
    EXPECT_EQ(state, State::blocked);
  } else {
    EXPECT_EQ(wait_for(*reader, 2, ticket), (Payloads{"1", "3"}));
  }
  harness_->end_open(true);
  EXPECT_EQ(wait_for(*reader, by_position ? 2 : 1, ticket), by_position ? numbers(2, 3) : numbers(2, 2));
}

/// What was published beyond one that is open is not published again by whoever goes on from there, and that one is not lost.
TEST_P(MessageSourceContract, GoesOnExactlyWhereOneIsCommittedLate) {
  const auto expected = GetParam().order == MessageSourceAdapter::Order::positions ? numbers(2, 4) : Payloads{"2", "4"};
  outbox::Cursor cursor;
  {
    const auto reader = started();
    std::int64_t ticket = 0;
    (void)read_all(*reader, ticket);
    write(1, 1);
    harness_->write_open("2");
    write(3, 3);
    (void)wait_for(*reader, expected.size() == 3 ? 1 : 2, ticket);
    cursor = reader->cursor(ticket);
  }
  harness_->end_open(true);
  write(4, 4);
  const auto reader = source();
  reader->start(cursor);
  std::int64_t ticket = 0;
  EXPECT_EQ(wait_for(*reader, expected.size(), ticket), expected);
}

TEST_P(MessageSourceContract, PassesWhatWasRolledBack) {
  write(1, 1);
  harness_->write_open("never");
  write(2, 2);
  harness_->end_open(false);
  const auto reader = started();
  std::int64_t ticket = 0;
  auto payloads = read_all(*reader, ticket);
  if (payloads.size() < 2) payloads.push_back(wait_for(*reader, 1, ticket).at(0));
  EXPECT_EQ(payloads, numbers(1, 2));
}

TEST_P(MessageSourceContract, StartsAtTheEndWhenToldTo) {
  write(1, 4);
  const auto reader = started({.at = outbox::Start::At::end});
  std::int64_t ticket = 0;
  EXPECT_EQ(read_all(*reader, ticket), Payloads{});
  write(5, 6);
  EXPECT_EQ(wait_for(*reader, 2, ticket), numbers(5, 6));
}

TEST_P(MessageSourceContract, DoesNotTakeTheEndForFinalWhileATransactionIsOpen) {
  if (!GetParam().is_in_table) GTEST_SKIP() << "what is committed later comes later in a log that is in no table";
  write(1, 1);
  harness_->write_open("2");
  write(3, 3);
  const auto reader = source();
  try {
    (void)reader->first({.at = outbox::Start::At::end}, std::chrono::milliseconds{0});
    ADD_FAILURE() << "2 may still be committed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::overloaded) << error.what();
  }
  harness_->end_open(true);
}

TEST_P(MessageSourceContract, StartsAfterAPosition) {
  if (!GetParam().is_in_table) GTEST_SKIP() << "a log that is in no table has no place by a number";
  write(1, 4);
  std::int64_t position = 0;
  {
    const auto reader = started();
    (void)read_all(*reader);
    position = reader->place(3).position;
  }
  const auto reader = started({.at = outbox::Start::At::position, .position = position});
  EXPECT_EQ(read_all(*reader), numbers(4, 4));
}

TEST_P(MessageSourceContract, CanBeStartedAgain) {
  write(1, 5);
  const auto reader = started();
  (void)read_all(*reader);
  reader->start(reader->cursor(2));
  EXPECT_EQ(read_all(*reader), numbers(3, 5));
}

TEST_P(MessageSourceContract, RefusesTheCursorOfAnotherHistory) {
  write(1, 5);
  outbox::Cursor cursor;
  {
    const auto reader = started();
    (void)read_all(*reader);
    cursor = reader->cursor(5);
  }
  harness_->change_history();
  expect_corrupt(cursor);
}

TEST_P(MessageSourceContract, RefusesWhatIsNoCursor) {
  write(1, 1);
  for (const auto* bytes : {"?", "memory/9 1 1", "table/9 1 1 1 -", "table/1 1 1 -5 -"}) expect_corrupt({bytes});
}

}  // namespace annals::testing
