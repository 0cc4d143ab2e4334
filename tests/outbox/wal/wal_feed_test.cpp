// A backlog of the log is mined in batches, and what is left is streamed: the way from one to the other, and what mining leaves to streams.
#include "wal/wal_feed.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "annals/core/clock.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/replication/replication_stream.hpp"
#include "support/server_version.hpp"
#include "support/temp_database.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_slot.hpp"
#include "wal/wal_source.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;
using outbox::MessageSource;
using outbox::WalSource;

/// The slot is there before the first message.
class WalFeed : public ::testing::Test {
 protected:
  WalFeed() {
    skip_unless_mined(database_);
    if (IsSkipped()) return;
    postgres::Connection session{database_.as("wal_relay")};
    outbox::WalSlot slot{session, log_, "feed"};
    (void)slot.open();
    slot_ = slot.name();
  }
  WalSource source(outbox::WalFeed::Options feed = {.mine_from_bytes = 1, .batch_bytes = 64U << 10U},
                   std::size_t rows_max = 100) {
    return {session_, clock_, log_, {.relay = "feed", .rows_max = rows_max, .feed = feed}};
  }
  /// `count` messages from number `first` on in one transaction; the key is the writer's.
  static void write(postgres::Connection& writer, const std::string& key, int first, int count, bool commit = true) {
    postgres::Transaction tx{writer};
    writer.query(
        "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) "
        "SELECT pg_catalog.gen_random_uuid(), 0, 'orders', $1, 't', pg_catalog.convert_to(i::text, 'UTF8') "
        "FROM pg_catalog.generate_series($2::int, $3::int) i",
        postgres::Params{}.text(key).integer(first).integer(first + count - 1));
    if (commit) tx.commit();
  }
  void write(int first, int count) { write(writer_, "k", first, count); }
  /// Takes note of the messages at hand; each must be the next of its key.
  void note(const WalSource& source) {
    outbox::MessageView view;
    for (std::size_t i = 0; i < source.size(); ++i) {
      source.decode(i, view);
      auto& next = next_[std::string{view.key}];
      ASSERT_EQ(std::stoi(std::string{view.payload}), next) << view.key;
      ++next;
      ticket_ = view.ticket;
    }
  }
  /// Reads until the source has caught up and `count` messages are there.
  void read_all(WalSource& source, int count) {
    const auto deadline = clock_.steady() + 60s;
    while (clock_.steady() < deadline) {
      const auto state = source.read();
      note(source);
      if (::testing::Test::HasFatalFailure() || (state == MessageSource::State::caught_up && taken() >= count)) break;
      (void)source.wait(1ms);
    }
    EXPECT_EQ(taken(), count);
  }
  [[nodiscard]] int taken() const {
    int sum = 0;
    for (const auto& [key, next] : next_) sum += next;
    return sum;
  }
  outbox::Cursor beginning(WalSource& source) { return source.first({}, 5s); }
  std::string scalar(const std::string& sql) { return superuser_.query("SELECT (" + sql + ")::text").text(0, 0); }
  bool is_mining() {
    return scalar("SELECT count(*) FROM pg_replication_slots WHERE temporary AND database = current_database()") != "0";
  }
  /// Whatever else is written to the log of this server, and it lies behind soon.
  bool streams(WalSource& source) {
    const auto deadline = clock_.steady() + 10s;
    while (is_mining() && clock_.steady() < deadline) {
      (void)source.read();
      note(source);
      (void)source.wait(1ms);
    }
    return !is_mining();
  }
  std::string confirmed() {
    return scalar("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" + slot_ + "'");
  }

  TempDatabase database_;
  SystemClock clock_;
  postgres::MessageLog log_ = outbox::message_log("annals");
  std::string slot_;
  postgres::Connection session_{database_.as("wal_relay")};
  postgres::Connection writer_{database_.as("writer")};
  postgres::Connection superuser_{database_.superuser()};
  std::map<std::string, int> next_;
  std::int64_t ticket_ = 0;
};

/// A cursor of the mined log, from the beginning on: a table's would be read from the table first.
TEST_F(WalFeed, MinesABacklogAndStreamsWhatFollows) {
  auto reader = source();
  reader.start(beginning(reader));
  read_all(reader, 0);
  EXPECT_TRUE(streams(reader));
  const auto cursor = reader.cursor(0);
  write(0, 2'000);
  reader.start(cursor);
  (void)reader.read();
  EXPECT_TRUE(is_mining());
  note(reader);
  read_all(reader, 2'000);
  EXPECT_TRUE(streams(reader));
  write(2'000, 1);
  read_all(reader, 2'001);
}

/// There is always some to be mined, of messages nothing.
TEST_F(WalFeed, HasCaughtUpThoughOthersWriteWithoutAnEnd) {
  auto reader = source();
  reader.start(beginning(reader));
  const std::jthread others{[&](const std::stop_token& stop) {
    postgres::Connection session{database_.superuser()};
    session.execute("CREATE TABLE public.others (line text)");
    while (!stop.stop_requested())
      session.execute("INSERT INTO public.others SELECT repeat(i::text, 9) FROM generate_series(1, 9999) i");
  }};
  for (int first = 0; first < 30; first += 10) {
    write(first, 10);
    const auto deadline = clock_.steady() + 20s;
    auto state = MessageSource::State::rows;
    while (clock_.steady() < deadline && (state != MessageSource::State::caught_up || taken() < first + 10)) {
      state = reader.read();
      note(reader);
      (void)reader.wait(1ms);
    }
    EXPECT_EQ(state, MessageSource::State::caught_up);
  }
}

TEST_F(WalFeed, LosesRepeatsAndReordersNothingBetweenTheTwo) {
  constexpr int writers = 3;
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::atomic<int> running{writers};
  std::atomic<int> written{0};
  std::atomic<int> changes{0};
  std::atomic<std::int64_t> read{0};
  // On a busy machine a change takes longer.
  const auto least = std::chrono::steady_clock::now() + 6s;
  const auto most = least + 60s;
  const auto goes_on = [&, least, most] {
    const auto now = std::chrono::steady_clock::now();
    return now < least || (changes < 4 && now < most);
  };
  std::vector<std::jthread> threads;
  for (int number = 0; number < writers; ++number) {
    threads.emplace_back([&, number] {
      std::mt19937 random{seed + static_cast<unsigned>(number)};
      postgres::Connection writer{database_.as("writer")};
      const auto key = "k" + std::to_string(number);
      int next = 0;
      while (goes_on()) {
        const int count = random() % 20 == 0 ? 1'000 : 1 + static_cast<int>(random() % 10);
        if (random() % 5 == 0) write(writer, key, next, count, false);
        write(writer, key, next, count);
        next += count;
        written += count;
        // In bursts, all at once, when the reader is through with the one before: what comes between two of them is streamed.
        const auto into = std::chrono::steady_clock::now().time_since_epoch() % 1s;
        if (into < 200ms) continue;
        while (written - read > 50 && goes_on()) std::this_thread::sleep_for(5ms);
        std::this_thread::sleep_for(1s - std::chrono::steady_clock::now().time_since_epoch() % 1s);
      }
      --running;
    });
  }
  auto reader = source({.mine_from_bytes = 64U << 10U, .batch_bytes = 64U << 10U, .look_again = 5ms}, 50);
  reader.start(beginning(reader));
  std::mt19937 random{seed};
  bool mining = false;
  for (int reads = 0; running > 0; ++reads) {
    (void)reader.read();
    note(reader);
    read = ticket_;
    if (HasFatalFailure()) break;
    if (is_mining() != mining) {
      mining = !mining;
      ++changes;
    }
    if (reads % 10 == 0) {
      reader.acknowledge(reader.cursor(ticket_));
      reader.forget(ticket_);
    }
    if (random() % 30 == 0) clock_.sleep_for(50ms);
    (void)reader.wait(1ms);
  }
  threads.clear();
  read_all(reader, written);
  EXPECT_GE(changes.load(), 4);
  RecordProperty("changes", changes.load());
  RecordProperty("messages", written.load());
}

/// Its remedy against a crash is that everything after the last recorded place can be had again.
TEST_F(WalFeed, GivesNothingUpThatIsNotRecorded) {
  auto reader = source();
  reader.start(beginning(reader));
  read_all(reader, 0);
  const auto cursor = reader.cursor(0);
  reader.acknowledge(cursor);
  const auto before = confirmed();
  write(0, 2'000);
  reader.start(cursor);
  read_all(reader, 2'000);
  // The stream that follows says every second what is confirmed.
  for (const auto until = clock_.steady() + 2'500ms; clock_.steady() < until; clock_.sleep_for(50ms)) {
    (void)reader.read();
    reader.rest();
  }
  const auto place = outbox::WalCursor::decode(cursor).place.flush;
  EXPECT_EQ(scalar("SELECT '" + confirmed() + "'::pg_lsn <= '" + to_string(place) + "'"), "true")
      << before << ' ' << confirmed();
  reader.acknowledge(reader.cursor(ticket_));
  for (const auto until = clock_.steady() + 20s; clock_.steady() < until && confirmed() == before;) {
    (void)reader.read();  // while it mines there is no stream that would say so
    reader.rest();
  }
  EXPECT_NE(confirmed(), before);
}

TEST_F(WalFeed, MovesTheSlotOverWhatIsRecordedWhileItMines) {
  auto reader = source();
  reader.start(beginning(reader));
  read_all(reader, 0);
  const auto cursor = reader.cursor(0);
  const auto before = confirmed();
  for (int i = 0; i < 5'000; i += 50) write(i, 50);
  reader.start(cursor);
  bool moved = false;
  while (taken() < 5'000) {
    (void)reader.read();
    note(reader);
    if (HasFatalFailure()) break;
    reader.acknowledge(reader.cursor(ticket_));
    moved = moved || (is_mining() && confirmed() != before);
    (void)reader.wait(1ms);
  }
  read_all(reader, 5'000);
  EXPECT_TRUE(moved);
}

/// As a walsender does that has not noticed yet that its stream is closed.
TEST_F(WalFeed, MinesThoughSomebodyStillHoldsTheSlot) {
  auto reader = source();
  reader.start(beginning(reader));
  read_all(reader, 0);
  const auto cursor = reader.cursor(0);
  reader.stop();
  for (int i = 0; i < 5'000; i += 50) write(i, 50);
  const postgres::ReplicationStream holder{database_.as("wal_relay"),
                                           {.slot = slot_, .publication = log_.publication, .start = {}}};
  reader.start(cursor);
  const auto before = confirmed();
  while (taken() < 2'500 && !HasFatalFailure()) {
    (void)reader.read();
    note(reader);
    reader.acknowledge(reader.cursor(ticket_));
  }
  EXPECT_TRUE(is_mining());
  EXPECT_EQ(confirmed(), before);
}

/// No transaction of the database is open for long because of a destination that takes nothing.
TEST_F(WalFeed, GivesABatchUpThatNobodyTakes) {
  auto reader = source({.mine_from_bytes = 1, .batch_bytes = 64U << 10U, .stall_max = 200ms}, 10);
  reader.start(beginning(reader));
  read_all(reader, 0);
  const auto cursor = reader.cursor(0);
  write(0, 20'000);  // more than what stands between the server and us
  reader.start(cursor);
  while (taken() == 0) {
    (void)reader.read();
    note(reader);
  }
  ASSERT_TRUE(is_mining());
  const auto deadline = clock_.steady() + 20s;
  while (is_mining() && clock_.steady() < deadline) {
    clock_.sleep_for(20ms);
    reader.rest();
  }
  EXPECT_FALSE(is_mining());
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%mine%' "
                   "AND pid <> pg_backend_pid() AND state = 'active'"),
            "0");
  read_all(reader, 20'000);
}

TEST_F(WalFeed, StreamsWhatTheServerHasNoRoomFor) {
  superuser_.execute(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET temp_file_limit = 0', current_database()); "
      "EXECUTE format('ALTER DATABASE %I SET work_mem = ''64kB''', current_database()); END $$");
  auto reader = source();
  reader.start(beginning(reader));
  read_all(reader, 0);
  const auto cursor = reader.cursor(0);
  write(0, 5'000);
  reader.start(cursor);
  read_all(reader, 5'000);
}

}  // namespace
}  // namespace annals::tests
