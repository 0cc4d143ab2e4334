// The outbox's partitions come and go while the server is killed: what it restarts with, and what a standby that is promoted has, is whole. And
// who reads a standby meanwhile. ANNALS_PROMOTIONS: how often, 1 by default.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pqxx/pqxx>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/outbox.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/outbox/retention.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/testing/memory_sink.hpp"
#include "support/private_stack.hpp"
#include "support/replica.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using Action = outbox::MaintenanceStep::Action;

int promotions() {
  const char* text = std::getenv("ANNALS_PROMOTIONS");
  return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

class RetentionPromotion : public ::testing::Test {
 protected:
  RetentionPromotion() {
    postgres::Connection connection{primary_.as("operator")};
    outbox::set_retention(
        connection, "annals",
        {.retain = "0", .partition_span = "1 day", .partition_rows = 5, .lock_wait = "100 milliseconds"});
    name_ = connection.query("SELECT current_database()::text").text(0, 0);
  }

  /// A writer, a relay and who maintains the table, each in a thread, until the server is gone or stop().
  class Load {
   public:
    explicit Load(RetentionPromotion& test) : test_(test) {
      threads_.emplace_back([this](const std::stop_token& stop) { until_gone(stop, [&] { write(stop); }); });
      threads_.emplace_back([this](const std::stop_token& stop) { until_gone(stop, [&] { publish(stop); }); });
      threads_.emplace_back([this](const std::stop_token& stop) { until_gone(stop, [&] { maintain(stop); }); });
    }
    [[nodiscard]] int dropped() const { return dropped_; }

   private:
    static void until_gone(const std::stop_token& stop, const std::function<void()>& work) {
      try {
        work();
      } catch (const std::exception& error) {
        if (!stop.stop_requested()) return;  // killed
      }
    }
    void write(const std::stop_token& stop) {
      const auto session = postgres::open_pqxx(test_.primary_.as("writer"));
      while (!stop.stop_requested()) {
        test_.enqueue(*session, test_.written_);
        ++test_.written_;
      }
    }
    void publish(const std::stop_token& stop) {
      outbox::Relay relay{test_.primary_.as("relay"),
                          outbox::message_log("annals"),
                          test_.sink_,
                          test_.clock_,
                          {.checkpoint_interval = 10ms}};
      while (!stop.stop_requested()) (void)relay.step(5ms);
    }
    void maintain(const std::stop_token& stop) {
      postgres::Connection session{test_.primary_.as("relay")};
      while (!stop.stop_requested()) {
        if (outbox::maintain_outbox(session, "annals").action == Action::dropped) ++dropped_;
      }
    }

    RetentionPromotion& test_;
    std::atomic<int> dropped_{0};
    std::vector<std::jthread> threads_;
  };

  void enqueue(pqxx::connection& session, int number) {
    pqxx::work tx{session};
    outbox_.enqueue(
        tx,
        outbox::Message{
            .topic = "orders", .key = fmt::format("k{}", number % 5), .type = "t", .payload = std::to_string(number)});
    tx.commit();
  }

  static bool eventually(const std::function<bool()>& condition) {
    const auto deadline = SteadyClock::now() + 60s;
    while (!condition()) {
      if (SteadyClock::now() > deadline) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }

  /// Whatever was under way, the table is whole there, goes on being maintained, and all that it has or had is published.
  void expect_whole(const postgres::Database& superuser, const postgres::Database& service, std::string timeline,
                    annals::testing::MemorySink& sink) {
    postgres::Connection looking{superuser};
    const auto stray = looking.query(
        "SELECT count(*) FROM pg_class c WHERE c.relname ~ '^outbox_p[0-9]+$' AND c.relkind = 'r'"
        " AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)");
    EXPECT_EQ(stray.bigint(0, 0), 0) << "a partition that belongs to nothing";
    const auto last = looking.query(
        "SELECT convert_from(o.payload::bytea, 'UTF8') FROM annals.outbox o ORDER BY o.position DESC LIMIT 1");
    ASSERT_EQ(last.rows(), 1);
    const int newest = std::stoi(last.text(0, 0));
    const auto writer = postgres::open_pqxx(service);
    outbox::Relay relay{service, outbox::message_log("annals"), sink, clock_, {.accept_timeline = std::move(timeline)}};
    postgres::Connection maintainer{service};
    std::map<Action, int> done;
    int added = 0;
    EXPECT_TRUE(eventually([&] {
      if (done[Action::dropped] == 0 || done[Action::rolled] == 0) enqueue(*writer, first_added + added++);
      ++done[outbox::maintain_outbox(maintainer, "annals").action];
      const bool idle = relay.step(5ms).state == outbox::StepReport::State::idle;
      return idle && done[Action::rolled] > 0 && done[Action::dropped] > 0;
    }));
    EXPECT_TRUE(relay.drain(5s));
    std::set<int> seen;
    for (const auto* of : {&sink_, &sink}) {
      for (const auto& message : of->messages()) seen.insert(std::stoi(message.payload));
    }
    int missing = 0;
    for (int i = 0; i <= newest; ++i) missing += seen.contains(i) ? 0 : 1;
    for (int i = 0; i < added; ++i) missing += seen.contains(first_added + i) ? 0 : 1;
    EXPECT_EQ(missing, 0) << "of " << newest + 1 + added;
  }

  static constexpr int first_added = 1'000'000;
  PrivateStack server_{"postgres"};
  TempDatabase primary_{server_.address(), TempDatabase::Schema::applied};
  outbox::Outbox outbox_{primary_.as("writer")};
  std::string name_;
  SystemClock clock_;
  annals::testing::MemorySink sink_;
  std::atomic<int> written_{0};
};

TEST_F(RetentionPromotion, IsWholeWhereverTheServerWasKilled) {
  for (int i = 0; i < promotions(); ++i) {
    const Replica replica{server_.address()};
    {
      Load load{*this};
      ASSERT_TRUE(eventually([&] { return load.dropped() >= 3; }));
      std::this_thread::sleep_for(std::chrono::milliseconds{(i * 37) % 100});
      server_.kill();
    }
    replica.promote();
    {
      SCOPED_TRACE("promoted");
      const auto there = replica.database(primary_.database(), name_);
      auto superuser = there;
      superuser.conninfo.replace(superuser.conninfo.find("annals_service"), 14, "annals");
      annals::testing::MemorySink sink;
      expect_whole(superuser, there, "2", sink);
    }
    server_.start();
    SCOPED_TRACE("restarted");
    expect_whole(primary_.superuser(), primary_.as("service"), "", sink_);
  }
}

/// Who asks a standby which partitions there are, while they come and go, is always answered.
TEST_F(RetentionPromotion, IsSeenWholeOnAStandby) {
  const Replica replica{server_.address()};
  const auto there = replica.database(primary_.database(), name_);
  Load load{*this};
  postgres::Connection reader{there};
  int reads = 0;
  std::size_t partitions = 0;
  ASSERT_TRUE(eventually([&] {
    const auto status = outbox::read_retention(reader, "annals");
    partitions = std::max(partitions, status.partitions.size());
    EXPECT_GE(status.partitions.size(), 3U);
    ++reads;
    return load.dropped() >= 10;
  }));
  EXPECT_GT(reads, 10);
}

}  // namespace
}  // namespace annals::tests
