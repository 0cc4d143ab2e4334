// PostgreSQL stopped as by a power cut (immediate: no checkpoint, recovery at the next start) under writers, a reader and a
// relay. What was acknowledged is there, exactly once; what was in doubt is decided by the same call made again; the reader
// and the relay see every event once, in order, over the sequence's jumps.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "annals/core/backoff.hpp"
#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/event_tail.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/outbox/sink.hpp"
#include "support/private_stack.hpp"
#include "support/temp_database.hpp"

using namespace annals;
using namespace std::chrono_literals;

namespace {

constexpr int writers = 4;
constexpr int restarts = 3;
constexpr int events_between_restarts = 400;

/// What the writers know to be in the store.
class Acknowledged {
 public:
  void add(const EventId& id) {
    const std::lock_guard lock{mutex_};
    ids_.insert(id);
  }
  std::size_t size() {
    const std::lock_guard lock{mutex_};
    return ids_.size();
  }
  std::set<EventId> ids() {
    const std::lock_guard lock{mutex_};
    return ids_;
  }

 private:
  std::mutex mutex_;
  std::set<EventId> ids_;
};

bool may_come_back(const Error& error) { return error.retryable() || error.kind() == ErrorKind::in_doubt; }

/// Appends one event and calls again, with the same event and version, until it is decided.
void append_until_decided(const eventstore::EventStore& store, const StreamName& stream, std::int64_t version,
                          const NewEvent& event) {
  Backoff backoff{{.initial = 5ms, .max = 200ms}};
  while (true) {
    try {
      const auto result = store.append(stream, ExpectedVersion::exactly(StreamVersion{version}), {event});
      ASSERT_TRUE(std::holds_alternative<eventstore::Appended>(result)) << "nobody else writes this stream";
      return;
    } catch (const Error& error) {
      if (!may_come_back(error)) throw;
      std::this_thread::sleep_for(backoff.next());
    }
  }
}

void write(const eventstore::EventStore& store, int writer, const std::atomic<bool>& stop, Acknowledged& acknowledged) {
  const StreamName stream{fmt::format("writer-{}", writer)};
  for (std::int64_t version = 0; !stop; ++version) {
    const NewEvent event{.type = "t", .data = std::to_string(version)};
    append_until_decided(store, stream, version, event);
    acknowledged.add(event.id);
  }
}

/// Follows with a new tail after every failure, from the last position.
void follow(const postgres::Database& database, const std::atomic<bool>& stop, std::vector<RecordedEvent>& seen) {
  GlobalPosition position;
  while (true) {
    try {
      eventstore::EventTail tail{database};
      while (true) {
        const bool last = stop;  // before the read: what it finds then is the end
        const auto batch = tail.read(position, 1000);
        for (const auto& event : batch) {
          seen.push_back(event);
          position = event.position;
        }
        if (batch.state() == eventstore::EventTail::State::caught_up) {
          if (last) return;
          (void)tail.wait(50ms);
        }
      }
    } catch (const Error& error) {
      ASSERT_TRUE(error.retryable()) << error.what();
      std::this_thread::sleep_for(20ms);
    }
  }
}

struct Published {
  EventId id;
  std::string key;
  std::int64_t sequence;
};

/// Writes to a list that outlives it, as a topic outlives a producer.
class ListSink final : public outbox::Sink {
 public:
  explicit ListSink(std::vector<Published>& list) : list_(list) {}
  Send send(const outbox::MessageView& message) override {
    list_.push_back({message.id, std::string{message.key}, message.sequence});
    reports_.push_back({.ticket = message.ticket, .outcome = outbox::Delivery::Outcome::delivered, .reason = {}});
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds, std::vector<outbox::Delivery>& deliveries) override {
    deliveries.insert(deliveries.end(), reports_.begin(), reports_.end());
    reports_.clear();
  }

 private:
  std::vector<Published>& list_;
  std::vector<outbox::Delivery> reports_;
};

/// Relays with a new Relay and Sink after every failure; stops once it is idle after `stop`.
void relay(const postgres::Database& database, std::vector<Published>& list, const std::atomic<bool>& stop) {
  SystemClock clock;
  while (true) {
    try {
      ListSink sink{list};
      outbox::Relay relay{database,
                          eventstore::message_log("annals"),
                          sink,
                          clock,
                          {.routes = {{"*", "all"}}, .checkpoint_interval = 20ms}};
      while (true) {
        const bool last = stop;
        const auto report = relay.step(50ms);
        if (last && report.state == outbox::StepReport::State::idle) return;
      }
    } catch (const Error& error) {
      ASSERT_TRUE(error.retryable()) << error.what();
      std::this_thread::sleep_for(20ms);
    }
  }
}

void expect_streams_whole(const std::vector<RecordedEvent>& events) {
  std::map<std::string, std::int64_t> versions;
  for (const auto& event : events) ASSERT_EQ(event.version.value(), ++versions[event.stream.str()]);
}

}  // namespace

TEST(PostgresRestart, LosesNothingAndInventsNothing) {
  const tests::PrivateStack server{"postgres"};
  const tests::TempDatabase temp{server.address(), tests::TempDatabase::Schema::applied};
  const eventstore::EventStore store{temp.as("writer")};
  Acknowledged acknowledged;
  std::vector<RecordedEvent> followed;
  std::vector<Published> published;
  std::atomic<bool> stop_writing{false};
  std::atomic<bool> stop_reading{false};
  {
    std::jthread follower{[&] { follow(temp.as("projector"), stop_reading, followed); }};
    std::jthread relaying{[&] { relay(temp.as("relay"), published, stop_reading); }};
    {
      std::vector<std::jthread> threads;
      for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&, writer] { write(store, writer, stop_writing, acknowledged); });
      }
      for (int restart = 0; restart <= restarts; ++restart) {
        const auto target = acknowledged.size() + events_between_restarts;
        while (acknowledged.size() < target) std::this_thread::sleep_for(1ms);
        if (restart < restarts) server.restart("immediate");
      }
      stop_writing = true;
    }
    stop_reading = true;
  }

  std::vector<RecordedEvent> stored;
  store.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
    stored.push_back(event);
    return true;
  });
  std::set<EventId> ids;
  for (const auto& event : stored) ids.insert(event.id);
  EXPECT_EQ(ids, acknowledged.ids());
  EXPECT_EQ(ids.size(), stored.size());
  expect_streams_whole(stored);
  EXPECT_GT(stored.back().position.value(), static_cast<std::int64_t>(stored.size()))
      << "recovery makes the sequence jump";

  for (std::size_t i = 0; i < std::min(stored.size(), followed.size()); ++i) {
    ASSERT_EQ(followed[i].id, stored[i].id) << "position " << stored[i].position.value();
  }
  ASSERT_EQ(followed.size(), stored.size());

  // The relay may repeat after a failure; first occurrences are all of the log, in its order by key.
  std::set<EventId> first;
  std::map<std::string, std::int64_t> next;
  for (const auto& message : published) {
    if (!first.insert(message.id).second) continue;
    ASSERT_EQ(message.sequence, ++next[message.key]);
  }
  EXPECT_EQ(first, ids);
  fmt::print("{} events, {} published, {} repetitions\n", stored.size(), published.size(),
             published.size() - first.size());
}
