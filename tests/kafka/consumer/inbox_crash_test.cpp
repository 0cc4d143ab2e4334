// A consumer on a real broker and a real database is killed with SIGKILL at each named point of its inbox, again and again;
// every message has its effect once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/postgres/connection.hpp"
#include "support/kafka_topic.hpp"
#include "support/run_victim.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

class KafkaInboxCrash : public ::testing::TestWithParam<const char*> {
 protected:
  TempDatabase database_;
  postgres::Connection direct_{database_.database()};
};

TEST_P(KafkaInboxCrash, EveryMessageTakesEffectOnce) {
  constexpr int count = 90;
  direct_.execute("CREATE TABLE public.effects (number bigint GENERATED ALWAYS AS IDENTITY, topic text, payload text)");
  const auto topic = create_topic(unique_topic("crash"), 2);
  const auto group = unique_topic("group");
  std::vector<Record> records;
  for (int i = 1; i <= count; ++i) {
    const Record record{.key = "key-" + std::to_string(i % 5),
                        .has_key = true,
                        .value = std::to_string(i),
                        .has_value = true,
                        .headers = {{"ce_id", std::to_string(i)}, {"ce_source", "/test"}}};
    records.push_back(record);
    if (i % 30 != 0) continue;
    for (int back = 15; back > 0; --back) {  // as a relay repeats itself after a crash: more than a batch of the inbox
      records.push_back(records[records.size() - 15]);
    }
  }
  write_records(topic, records);
  int crashes = 0;
  // Points before the commit make no progress in the life that dies there first: get one further each time.
  for (int life = 1; run_victim({ANNALS_KAFKA_INBOX_VICTIM, database_.uri("service"), kafka_brokers(), group, topic,
                                 GetParam(), std::to_string(life)});
       ++life) {
    ++crashes;
    ASSERT_LT(life, 40);
  }
  EXPECT_GE(crashes, 3);
  const auto text = [&](const char* sql) { return std::string{direct_.query(sql).text(0, 0)}; };
  EXPECT_EQ(text("SELECT count(*)::text FROM public.effects"), std::to_string(count));
  EXPECT_EQ(text("SELECT count(DISTINCT payload)::text FROM public.effects"), std::to_string(count));
  EXPECT_EQ(text("SELECT count(*)::text FROM public.effects a JOIN public.effects b ON a.number < b.number"
                 " AND a.payload::int % 5 = b.payload::int % 5 AND a.payload::int > b.payload::int"),
            "0")
      << "effects of one key are out of order";
}

INSTANTIATE_TEST_SUITE_P(Points, KafkaInboxCrash,
                         ::testing::Values("received", "recorded", "handled", "commit", "committed", "done"),
                         [](const auto& point) { return std::string{point.param}; });

}  // namespace
}  // namespace annals::tests
