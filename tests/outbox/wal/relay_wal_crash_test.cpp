// A relay is killed with SIGKILL at each of its named points, again and again, while writers commit, roll back,
// emit, give up savepoints, COPY and hold transactions open. The runs after it must publish everything that was committed and nothing
// else, first occurrences in order; exactly once, where that is promised.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include <tuple>

#include "annals/json/base64.hpp"
#include "relay_test_base.hpp"
#include "support/kafka_topic.hpp"
#include "support/published.hpp"
#include "support/run_victim.hpp"
#include "support/server_version.hpp"

namespace annals::tests {
namespace {

constexpr int writers = 4;
constexpr int messages_each = 150;
/// Of a transaction, or a part of one, that is rolled back.
constexpr int never = 1'000'000'000;

/// Writes messages 0, 1, 2 … of one key, each of them committed once, and others that never are.
class Writer {
 public:
  Writer(const TempDatabase& database, std::string topic, int number, unsigned seed, bool emits)
      : session_(database.as("writer")), topic_(std::move(topic)), number_(number), random_(seed), emits_(emits) {}

  void run() {
    while (done_ < messages_each) {
      const int count = std::min<int>(1 + static_cast<int>(random_() % 4), messages_each - done_);
      switch (random_() % 6) {
        case 0: roll_back(count); break;
        case 1: give_up_savepoint(count); break;
        case 2: copy(count); break;
        case 3: hold_open(count); break;
        default: commit(count); break;
      }
    }
  }

 private:
  /// Beside the others', so that all numbers of all writers are those from 0 on.
  [[nodiscard]] int next() { return number_ + writers * done_++; }
  /// A row, or, where that may be, a message that the log alone has.
  void insert(int payload) {
    if (emits_ && random_() % 2 == 0) {
      session_.query("SELECT annals.outbox_emit(message_id => $1, topic => $2, key => $3, type => 't', payload => $4)",
                     row(payload));
      return;
    }
    session_.query(
        "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) VALUES ($1, 0, $2, $3, 't', "
        "$4)",
        row(payload));
  }
  [[nodiscard]] postgres::Params row(int payload) const {
    return postgres::Params{}
        .uuid(EventId::generate())
        .text(topic_)
        .text("k" + std::to_string(number_))
        .bytea(std::to_string(payload));
  }
  void commit(int count) {
    postgres::Transaction tx{session_};
    for (int i = 0; i < count; ++i) insert(next());
    tx.commit();
  }
  void roll_back(int count) {
    postgres::Transaction tx{session_};
    for (int i = 0; i < count; ++i) insert(never);
  }
  void give_up_savepoint(int count) {
    postgres::Transaction tx{session_};
    for (int i = 0; i < count; ++i) {
      insert(next());
      session_.execute("SAVEPOINT s");
      insert(never);
      session_.execute(i % 2 == 0 ? "ROLLBACK TO s" : "ROLLBACK TO s; SAVEPOINT s; RELEASE s");
    }
    tx.commit();
  }
  void copy(int count) {
    int left = count;
    session_.copy_in(
        "COPY annals.outbox (message_id, content_type, topic, key, type, payload) FROM STDIN (FORMAT binary)",
        [&](postgres::Params& out) {
          if (left-- == 0) return false;
          out.uuid(EventId::generate())
              .smallint(0)
              .text(topic_)
              .text("k" + std::to_string(number_))
              .text("t")
              .bytea(std::to_string(next()));
          return true;
        });
  }
  /// Positions that others' are drawn and committed after.
  void hold_open(int count) {
    postgres::Transaction tx{session_};
    for (int i = 0; i < count; ++i) insert(next());
    std::this_thread::sleep_for(std::chrono::milliseconds{random_() % 40});
    tx.commit();
  }

  postgres::Connection session_;
  std::string topic_;
  int number_;
  std::mt19937 random_;
  bool emits_;
  int done_ = 0;
};

/// What was written, of a payload: itself, or {"operation":"insert",…"payload":"BASE64"…} of a table.
int number_in(const std::string& payload) {
  const std::string member = R"("payload":")";
  const auto at = payload.find(member);
  if (at == std::string::npos) return std::stoi(payload);
  const auto begin = at + member.size();
  const auto text = json::decode_base64(payload.substr(begin, payload.find('"', begin) - begin));
  return text ? std::stoi(*text) : never;
}

/// Where the relay reads ("table", "wal", "mine", "automatic", "changes": see relay_victim.cpp), and where the relay is killed.
using Way = std::tuple<const char*, const char*>;

class RelayReadingCrashAt : public RelayTestBase, public ::testing::WithParamInterface<Way> {
 protected:
  RelayReadingCrashAt()
      : file_((std::filesystem::temp_directory_path() / ("annals-" + EventId::generate().to_string())).string()) {
    if (way_ != "table" && way_ != "changes") skip_unless_mined(database_);
  }
  ~RelayReadingCrashAt() override { std::filesystem::remove(file_); }

  bool run_victim(const std::string& sink, const std::string& point, int count) {
    return tests::run_victim(
        {ANNALS_RELAY_VICTIM, database_.uri("wal_relay"), way_ + "+" + sink, point, std::to_string(count), ""});
  }
  /// Relays, one after the other, while the writers write; then one that lives. How many were killed.
  int torture(const std::string& sink, const std::string& topic) {
    const auto seed = std::random_device{}();
    RecordProperty("seed", std::to_string(seed));
    if (std::string_view{std::get<0>(GetParam())} == "changes") {
      way_ = "changes=" + topic;
      execute("CREATE PUBLICATION annals_changes FOR TABLE annals.outbox WITH (publish_via_partition_root = true)");
    }
    // Before the first message: what comes is from the log.
    EXPECT_FALSE(run_victim(sink, "never", 1));
    const std::string_view way = std::get<0>(GetParam());
    const bool emits = way == "wal" || way == "mine";
    if (emits) let_emit();
    std::atomic<int> running{writers};
    std::vector<std::jthread> threads;
    for (int number = 0; number < writers; ++number) {
      threads.emplace_back([&, number] {
        Writer{database_, topic, number, seed + static_cast<unsigned>(number), emits}.run();
        --running;
      });
    }
    if (way == "automatic") threads.emplace_back([&] { take_slots_away(running); });
    int crashes = 0;
    for (int life = 1; running > 0 || life < 8; ++life)
      crashes += run_victim(sink, std::get<1>(GetParam()), life) ? 1 : 0;
    threads.clear();
    EXPECT_FALSE(run_victim(sink, "never", 1));
    SCOPED_TRACE("seed " + std::to_string(seed));
    return crashes;
  }
  /// The relay is not running, and exactly once its checkpoint is the broker's.
  void let_emit() {
    postgres::Connection session{database_.as("operator")};
    session.query(
        "SELECT annals.outbox_emission_switch(ARRAY(SELECT slot_name FROM pg_replication_slots "
        "WHERE database = current_database() AND NOT temporary), false)");
  }
  /// From under whoever reads them, again and again.
  void take_slots_away(const std::atomic<int>& running) const {
    postgres::Connection session{database_.superuser()};
    while (running > 0) {
      session.query(
          "SELECT pg_terminate_backend(s.active_pid) FROM pg_replication_slots s "
          "JOIN pg_stat_activity a ON a.pid = s.active_pid AND a.backend_type = 'walsender' "
          "WHERE s.database = current_database()");
      std::this_thread::sleep_for(10ms);
      try {
        session.query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
            "WHERE database = current_database() AND NOT active");
      } catch (const Error&) {  // somebody was faster
      }
      std::this_thread::sleep_for(150ms);
    }
  }
  std::vector<Published> in_file() const {
    std::vector<Published> lines;
    std::ifstream in{file_};
    std::int64_t position = 0;
    Published line;
    std::string payload;
    while (in >> position >> line.key >> payload) {
      line.number = number_in(payload);
      lines.push_back(line);
    }
    return lines;
  }
  static std::vector<Published> in_topic(const std::string& topic) {
    std::vector<Published> all;
    for (const auto& record : read_all(topic)) all.push_back({record.key, number_in(record.value)});
    return all;
  }

  std::string file_;
  std::string way_ = std::get<0>(GetParam());  // as the victim takes it
};

TEST_P(RelayReadingCrashAt, LosesNothingInventsNothingAndKeepsTheOrder) {
  EXPECT_GE(torture(file_, "orders"), 3);
  EXPECT_EQ(fault_in(in_file(), writers * messages_each), "");
}

TEST_P(RelayReadingCrashAt, PublishesEachMessageOnceAndInOrder) {
  const auto topic = create_topic(unique_topic("relay-wal"), 3);
  const auto checkpoints = create_topic(unique_topic("checkpoints"), 1, {{"cleanup.policy", "compact"}});
  EXPECT_GE(torture("transactions:" + checkpoints + ":" + kafka_brokers(), topic), 3);
  auto records = in_topic(topic);
  for (int i = 0; i < 100 && static_cast<int>(records.size()) < writers * messages_each; ++i) {
    std::this_thread::sleep_for(20ms);
    records = in_topic(topic);
  }
  EXPECT_EQ(fault_in_exactly_once(records, writers * messages_each), "");
}

INSTANTIATE_TEST_SUITE_P(
    Points, RelayReadingCrashAt,
    ::testing::Combine(::testing::Values("table", "wal", "mine", "automatic"),
                       ::testing::Values("read", "sent", "delivered", "checkpoint", "checkpointed")),
    [](const auto& way) { return std::string{std::get<0>(way.param)} + "_" + std::get<1>(way.param); });

INSTANTIATE_TEST_SUITE_P(Changes, RelayReadingCrashAt,
                         ::testing::Combine(::testing::Values("changes"), ::testing::Values("delivered", "checkpoint")),
                         [](const auto& way) { return std::string{"changes_"} + std::get<1>(way.param); });

/// What was rolled back, and was published all the same, is a message that was invented.
TEST(RelayWalCrashCheck, RejectsWhatWasRolledBack) {
  EXPECT_EQ(fault_in({{"k0", 0}, {"k1", 1}}, 2), "");
  EXPECT_NE(fault_in({{"k0", 0}, {"k1", 1}, {"k1", never}}, 2), "");
  EXPECT_NE(fault_in_exactly_once({{"k0", 0}, {"k1", 1}, {"k1", never}}, 2), "");
}

}  // namespace
}  // namespace annals::tests
