// What a read of a long stream costs does not depend on how long the stream is.
#include <fmt/format.h>

#include "store/statements.hpp"
#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr int long_stream_events = 300'000;

class LongStream : public StoreTest {
 protected:
  LongStream() {
    direct_.execute(fmt::format(
        "INSERT INTO annals.streams (name, version) VALUES ('order-1', {0});"
        "INSERT INTO annals.streams (name, version) SELECT 'other-' || n, 1 FROM generate_series(1, 5000) n;"
        "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data) "
        "SELECT 1, n, gen_random_uuid(), 1, 't', '{{}}' FROM generate_series(1, {0}) n;"
        "ANALYZE annals.events; ANALYZE annals.streams",
        long_stream_events));
  }

  std::string plan(const std::string& sql, const std::string& arguments) {
    direct_.execute("DEALLOCATE ALL; PREPARE q (text, bigint, bigint) AS " + sql);
    std::string text;
    const auto rows = direct_.query("EXPLAIN (COSTS OFF) EXECUTE q (" + arguments + ")");
    for (int row = 0; row < rows.rows(); ++row) text += rows.text(row, 0) + "\n";
    return text;
  }

  template <class Work>
  static double milliseconds_of(Work work) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 20; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      work();
      best = std::min(best, std::chrono::steady_clock::now() - begin);
    }
    return std::chrono::duration<double, std::milli>(best).count();
  }
};

}  // namespace

TEST_F(LongStream, IsReadByTheIndexAloneWhateverThePlan) {
  const Statements statements{"annals"};
  for (const auto* mode : {"force_custom_plan", "force_generic_plan"}) {
    direct_.execute(std::string{"SET plan_cache_mode = "} + mode);
    for (const auto& [sql, arguments] :
         std::vector<std::pair<std::string, std::string>>{{statements.read_forward.sql(), "'order-1', 150000, 1000"},
                                                          {statements.read_backward.sql(), "'order-1', 150000, 1000"},
                                                          {statements.read_forward_binary, "'order-1', 1, 1000"},
                                                          {statements.read_backward_binary, "'order-1', 300000, 1"},
                                                          {statements.present.sql(), "'order-1', 150000, 10"},
                                                          {statements.present_binary, "'order-1', 150000, 10"}}) {
      EXPECT_THAT(plan(sql, arguments),
                  AllOf(HasSubstr("events_stream_version_key"), HasSubstr("streams_name_key"), Not(HasSubstr("Sort")),
                        Not(HasSubstr("Seq Scan")), Not(HasSubstr("Join")), Not(HasSubstr("Loop"))))
          << mode << ": " << sql;
    }
  }
}

TEST_F(LongStream, ReadsItsLastEventAndItsPagesWithoutTheRest) {
  const auto last = [&] {
    ASSERT_EQ(store_.read_stream(stream_, {.direction = Direction::backward, .limit = 1}).size(), 1U);
  };
  const auto page = [&] {
    ASSERT_EQ(store_.read_stream(stream_, {.from = StreamVersion{150'000}, .limit = 100}).size(), 100U);
  };
  RecordProperty("last_event_ms", fmt::format("{:.3f}", milliseconds_of(last)));
  fmt::print("last event of {}: {:.3f} ms; 100 from the middle: {:.3f} ms\n", long_stream_events, milliseconds_of(last),
             milliseconds_of(page));
}
