// Random writers with pauses, rollbacks, savepoints, prepared transactions and unrelated writes, while a reader polls.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "log_readers.hpp"
#include "support/dice.hpp"
#include "support/temp_database.hpp"

using annals::postgres::Connection;
using annals::postgres::Database;
using namespace std::chrono_literals;
using namespace annals::tests;

namespace {

constexpr auto duration = 6s;
constexpr int writers = 12;

/// Appends to a stream of its own with rising versions; what the database holds at the end is the truth.
class RandomWriter {
 public:
  RandomWriter(const Database& database, int id, std::uint64_t seed)
      : connection_(database), id_(id), dice_(seed + static_cast<std::uint64_t>(id)) {}

  void run(const std::atomic<bool>& stop) {
    while (!stop) transaction();
  }

 private:
  void append(int version) {
    connection_.execute(fmt::format("INSERT INTO public.log (stream, version) VALUES ('s{}', {})", id_, version));
    dice_.pause(25, 3000);
  }

  void transaction() {
    connection_.execute("BEGIN");
    if (dice_.chance(10))
      connection_.execute("INSERT INTO public.other VALUES (1)");  // an id before the first position
    int version = version_;
    const int rows = dice_.between(1, 3);
    for (int i = 0; i < rows; ++i) append(++version);
    if (dice_.chance(10)) abandon_savepoint(version);
    dice_.pause(2, 80'000);
    if (dice_.chance(10)) {
      connection_.execute("ROLLBACK");
      return;
    }
    dice_.chance(10) ? prepare_and_commit() : connection_.execute("COMMIT");
    version_ = version;
  }

  void abandon_savepoint(int version) {
    connection_.execute("SAVEPOINT p");
    append(version + 1);
    connection_.execute("ROLLBACK TO p");
  }

  void prepare_and_commit() {
    const auto name = fmt::format("w{}", id_);
    connection_.execute(fmt::format("PREPARE TRANSACTION '{}'", name));
    dice_.pause(50, 20'000);
    connection_.execute(fmt::format("COMMIT PREPARED '{}'", name));
  }

  Connection connection_;
  int id_;
  Dice dice_;
  int version_ = 0;
};

struct Outcome {
  Verdict verdict;
  std::size_t committed;
  bool sorted;
};

Outcome follow_random_writers(ReaderKind kind, std::uint64_t seed) {
  TempDatabase temp{TempDatabase::Schema::none};
  const auto& database = temp.database();
  create_log(database);
  auto reader = make_reader(kind, database);
  std::vector<LogRow> delivered;
  {
    std::atomic<bool> stop{false};
    std::vector<std::jthread> threads;
    for (int id = 0; id < writers; ++id) {
      threads.emplace_back([&, id] { RandomWriter{database, id, seed}.run(stop); });
    }
    const auto end = std::chrono::steady_clock::now() + duration;
    while (std::chrono::steady_clock::now() < end) reader->poll(delivered);
    stop = true;
  }
  for (int i = 0; i < 3; ++i) reader->poll(delivered);
  const auto committed = committed_rows(database);
  const bool sorted = std::is_sorted(delivered.begin(), delivered.end(),
                                     [](const auto& a, const auto& b) { return a.position < b.position; });
  return {judge(committed, delivered), committed.size(), sorted};
}

std::uint64_t new_seed() {
  const auto seed = std::random_device{}();
  fmt::print("seed {}\n", seed);
  return seed;
}

}  // namespace

TEST(OrderedTailUnderRandomWriters, DeliversEveryCommittedRowOnceInPositionOrder) {
  const auto outcome = follow_random_writers(ReaderKind::ordered_tail, new_seed());
  fmt::print("{} rows committed\n", outcome.committed);
  EXPECT_GT(outcome.committed, 500U);
  EXPECT_TRUE(outcome.verdict.exact()) << fmt::format("lost {} invented {} duplicated {} inverted {}",
                                                      outcome.verdict.lost, outcome.verdict.invented,
                                                      outcome.verdict.duplicated, outcome.verdict.inverted);
  EXPECT_TRUE(outcome.sorted);
}

TEST(WrongReader, LastPositionLosesRowsUnderRandomWriters) {
  EXPECT_GT(follow_random_writers(ReaderKind::last_position, new_seed()).verdict.lost, 0U);
}
