// Random writers with pauses, rollbacks, savepoints and some that stay open for long, while a source reads
// and is started again from its own cursors.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "admission/shard_plan.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/postgres/connection.hpp"
#include "log/table_cursor.hpp"
#include "log/table_source.hpp"
#include "support/dice.hpp"
#include "support/temp_database.hpp"

namespace annals::outbox {
namespace {

using namespace std::chrono_literals;
using postgres::Connection;

constexpr auto duration = 5s;
constexpr int writers = 8;

/// When a message was written and when its transaction had committed, on one count of all writers.
struct Written {
  std::int64_t begun = 0;
  std::int64_t committed = 0;
};

/// What was committed, by payload.
class Truth {
 public:
  [[nodiscard]] std::int64_t tick() { return ++ticks_; }
  void commit(const std::map<std::string, std::int64_t>& begun) {
    const std::lock_guard lock{mutex_};
    const auto now = tick();
    for (const auto& [payload, at] : begun) committed_[payload] = {.begun = at, .committed = now};
  }
  [[nodiscard]] const std::map<std::string, Written>& committed() const { return committed_; }

 private:
  std::atomic<std::int64_t> ticks_{0};
  std::mutex mutex_;
  std::map<std::string, Written> committed_;
};

/// Writes under a key of its own with rising numbers.
class RandomWriter {
 public:
  RandomWriter(const postgres::Database& database, int id, std::uint64_t seed, Truth& truth)
      : connection_(database), id_(id), dice_(seed + static_cast<std::uint64_t>(id)), truth_(truth) {}

  void run(const std::atomic<bool>& stop) {
    while (!stop) transaction();
  }

 private:
  void append(int number) {
    const auto payload = fmt::format("{}:{}", id_, number);
    begun_[payload] = truth_.tick();
    connection_.execute(
        fmt::format("INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) "
                    "VALUES (gen_random_uuid(), 0, 't', 'k{}', 't', '{}')",
                    id_, payload));
    dice_.pause(25, 3000);
  }

  void transaction() {
    begun_.clear();
    connection_.execute("BEGIN");
    int number = number_;
    const int rows = dice_.between(1, 3);
    for (int i = 0; i < rows; ++i) append(++number);
    if (dice_.chance(10)) abandon_savepoint();
    id_ == 0 ? dice_.pause(40, 400'000) : dice_.pause(5, 30'000);  // the first one is seldom done
    if (dice_.chance(10)) {
      connection_.execute("ROLLBACK");
      return;
    }
    connection_.execute("COMMIT");
    truth_.commit(begun_);
    number_ = number;
  }

  void abandon_savepoint() {
    const auto kept = begun_;
    connection_.execute("SAVEPOINT p");
    append(-1);
    connection_.execute("ROLLBACK TO p");
    begun_ = kept;
  }

  Connection connection_;
  int id_;
  tests::Dice dice_;
  Truth& truth_;
  std::map<std::string, std::int64_t> begun_;  // of the transaction that is open
  int number_ = 0;
};

/// Payloads in the order in which a source gave them.
class Reader {
 public:
  Reader(const postgres::Database& database, std::uint64_t seed, const Shard& shard)
      : session_(database),
        source_(session_, clock_, message_log("annals"),
                {.relay = "relay",
                 .rows_max = 200,
                 .poll_interval = 5ms,
                 .filter = shard_filter(message_log("annals"), shard, {})}),
        random_(seed) {
    source_.start(source_.first({}, 0ms));
  }

  /// A step; now and then another run goes on from somewhere in this one, and what was given after it does not count.
  void step() {
    const auto state = source_.read();
    for (std::size_t i = 0; i < source_.size(); ++i) {
      MessageView view;
      source_.decode(i, view);
      given_.emplace_back(view.payload);
    }
    ticket_ += static_cast<std::int64_t>(source_.size());
    if (std::uniform_int_distribution{1, 40}(random_) == 1) start_again();
    if (state != MessageSource::State::rows) (void)source_.wait(5ms);
  }
  void catch_up() {
    for (int quiet = 0; quiet < 20;) {
      const auto before = given_.size();
      step();
      quiet = given_.size() == before ? quiet + 1 : 0;
      std::this_thread::sleep_for(1ms);
    }
  }
  [[nodiscard]] const std::vector<std::string>& given() const { return given_; }
  [[nodiscard]] std::size_t starts_above_holes() const { return above_holes_; }

 private:
  void start_again() {
    const auto back =
        std::uniform_int_distribution<std::int64_t>{0, std::min<std::int64_t>(ticket_ - forgotten_, 50)}(random_);
    const auto cursor = source_.cursor(ticket_ - back);
    above_holes_ += TableCursor::decode(cursor).published.ranges() > 0 ? 1 : 0;
    given_.resize(given_.size() - static_cast<std::size_t>(back));
    source_.start(cursor);
    ticket_ = forgotten_ = 0;
  }

  SystemClock clock_;
  Connection session_;
  TableSource source_;
  std::mt19937_64 random_;
  std::vector<std::string> given_;
  std::int64_t ticket_ = 0;
  std::int64_t forgotten_ = 0;
  std::size_t above_holes_ = 0;
};

/// What is wrong with an order in which messages were given; empty: nothing.
std::string fault(const std::vector<std::string>& given, const std::map<std::string, Written>& committed) {
  std::map<std::string, int> count;
  for (const auto& payload : given) ++count[payload];
  for (const auto& [payload, times] : count) {
    if (!committed.contains(payload)) return fmt::format("{} was invented", payload);
    if (times > 1) return fmt::format("{} was given {} times", payload, times);
  }
  for (const auto& [payload, written] : committed) {
    if (!count.contains(payload)) return fmt::format("{} was lost", payload);
  }
  auto first_commit = std::numeric_limits<std::int64_t>::max();
  std::string of;
  const std::vector<std::string> backwards{given.rbegin(), given.rend()};
  for (const auto& payload : backwards) {
    const auto& written = committed.at(payload);
    if (first_commit < written.begun)
      return fmt::format("{} was committed before {} was written, and given after it", of, payload);
    if (written.committed < first_commit) {
      first_commit = written.committed;
      of = payload;
    }
  }
  return {};
}

/// In how many shards.
class AroundOpenTransactions : public ::testing::TestWithParam<std::size_t> {
 protected:
  /// Those of the shard.
  std::map<std::string, Written> committed_of(const Shard& shard) {
    Connection session{temp_.superuser()};
    const auto filter = shard_filter(message_log("annals"), shard, {});
    const auto rows = session.query("SELECT convert_from(o.payload, 'UTF8') FROM annals.outbox o WHERE " +
                                    (filter ? filter->condition : "true"));
    std::map<std::string, Written> out;
    for (int row = 0; row < rows.rows(); ++row) out.insert(*truth_.committed().find(std::string{rows.text(row, 0)}));
    return out;
  }

  tests::TempDatabase temp_;
  Truth truth_;
};

INSTANTIATE_TEST_SUITE_P(Shards, AroundOpenTransactions, ::testing::Values(1, 3));

TEST_P(AroundOpenTransactions, GivesEachMessageOnceAndNoneBeforeOneThatWasCommittedBeforeItWasWritten) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::vector<Shard> shards;
  std::vector<std::unique_ptr<Reader>> readers;
  for (std::size_t index = 1; index <= GetParam(); ++index) {
    shards.push_back({.index = index, .count = GetParam()});
    readers.push_back(std::make_unique<Reader>(temp_.as("relay"), seed + index, shards.back()));
  }
  {
    std::atomic<bool> stop{false};
    std::vector<std::jthread> threads;
    threads.reserve(writers);
    for (int id = 0; id < writers; ++id) {
      threads.emplace_back([&, id] { RandomWriter{temp_.as("writer"), id, seed, truth_}.run(stop); });
    }
    const auto end = std::chrono::steady_clock::now() + duration;
    while (std::chrono::steady_clock::now() < end) {
      for (auto& reader : readers) reader->step();
    }
    stop = true;
  }
  EXPECT_GT(truth_.committed().size(), 500U);
  std::size_t given = 0;
  std::size_t above_holes = 0;
  for (std::size_t i = 0; i < readers.size(); ++i) {
    readers[i]->catch_up();
    EXPECT_EQ(fault(readers[i]->given(), committed_of(shards[i])), "") << i;
    given += readers[i]->given().size();
    above_holes += readers[i]->starts_above_holes();
  }
  EXPECT_EQ(given, truth_.committed().size());
  EXPECT_GT(above_holes, 0U);
}

/// A log with one message after another, and then with a hole before each, of which few can be remembered.
class ManyHoles : public ::testing::Test {
 protected:
  static constexpr int in_a_row = 30'000;
  static constexpr int above_holes = 6'000;

  static std::string insert(const std::string& payload, const std::string& from = "") {
    return fmt::format(
        "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) "
        "SELECT gen_random_uuid(), 0, 't', 'k', 't', ({})::bytea {};",
        payload, from);
  }
  /// Half of them before what `middle` does.
  template <class Middle>
  void write(const Middle& middle) {
    writer_.execute(insert("'r' || n", fmt::format("FROM generate_series(1, {}) AS n", in_a_row)));
    write_above_holes(1, above_holes / 2);
    middle();
    write_above_holes(above_holes / 2 + 1, above_holes);
  }
  void write_above_holes(int first, int last) {
    writer_.execute(
        fmt::format("DO $$ BEGIN FOR n IN {}..{} LOOP {} BEGIN {} RAISE 'no'; EXCEPTION WHEN raise_exception "
                    "THEN NULL; END; END LOOP; END $$",
                    first, last, insert("'h' || n"), insert("'never'")));
  }
  /// All that comes until nothing has come for a while.
  void read() {
    const auto end = std::chrono::steady_clock::now() + 10s;
    for (int quiet = 0; quiet < 20 && std::chrono::steady_clock::now() < end; ++quiet) {
      if (source_->read() != MessageSource::State::rows) (void)source_->wait(20ms);
      for (std::size_t i = 0; i < source_->size(); ++i) {
        MessageView view;
        source_->decode(i, view);
        ++given_[std::string{view.payload}];
        ticket_ = view.ticket;
        quiet = 0;
      }
      source_->forget(ticket_);
    }
  }
  void start() {
    source_.emplace(session_, clock_, message_log("annals"), TableSource::Options{.relay = "relay"});
    source_->start(source_->first({}, 0ms));
  }
  void expect_all(std::size_t count) const {
    EXPECT_EQ(given_.size(), count);
    for (const auto& [payload, times] : given_) EXPECT_EQ(times, 1) << payload;
  }

  tests::TempDatabase temp_;
  SystemClock clock_;
  Connection session_{temp_.as("relay")};
  Connection writer_{temp_.as("writer")};
  Connection slow_{temp_.as("writer")};
  Connection other_{temp_.as("writer")};
  std::optional<TableSource> source_;
  std::map<std::string, int> given_;
  std::int64_t ticket_ = 0;
};

TEST_F(ManyHoles, LoseNothingThatIsOpenAmongThem) {
  slow_.execute("BEGIN;" + insert("'slow'"));
  write([this] { other_.execute("BEGIN;" + insert("'other'")); });
  start();
  read();
  EXPECT_GE(given_.size(), static_cast<std::size_t>(in_a_row)) << "up to the holes nothing is in the way";
  other_.execute("COMMIT");
  read();
  slow_.execute("COMMIT");
  read();
  expect_all(in_a_row + above_holes + 2);
  EXPECT_TRUE(TableCursor::decode(source_->cursor(ticket_)).published.exact());
}

/// One transaction writes each second position and another those between.
TEST_F(ManyHoles, LoseNothingThatFillsEachSecondOne) {
  slow_.execute("BEGIN;" + insert("'slow'"));
  other_.execute("BEGIN");
  for (int n = 1; n <= above_holes; ++n) {
    other_.execute(insert(fmt::format("'o{}'", n)));
    slow_.execute(insert(fmt::format("'s{}'", n)));
  }
  writer_.execute(insert("'above'"));
  start();
  read();
  expect_all(1);
  other_.execute("COMMIT");
  read();
  EXPECT_TRUE(TableCursor::decode(source_->cursor(ticket_)).published.exact());
  slow_.execute("COMMIT");
  read();
  expect_all(2 * above_holes + 2);
}

TEST(CheckOfOrder, FindsWhatIsWrong) {
  const std::map<std::string, Written> committed{{"a", {1, 2}}, {"b", {3, 5}}, {"c", {4, 6}}};
  EXPECT_EQ(fault({"a", "b", "c"}, committed), "");
  EXPECT_EQ(fault({"a", "c", "b"}, committed), "") << "these two were open at the same time";
  EXPECT_NE(fault({"b", "a", "c"}, committed), "");
  EXPECT_NE(fault({"a", "b"}, committed), "");
  EXPECT_NE(fault({"a", "b", "b", "c"}, committed), "");
  EXPECT_NE(fault({"a", "b", "c", "d"}, committed), "");
}

}  // namespace
}  // namespace annals::outbox
