#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;
using testing::HasSubstr;

namespace {

class AppendOnly : public StoreTest {
 protected:
  AppendOnly() { (void)store_.append(stream_, ExpectedVersion::any(), {event("a")}); }
};

}  // namespace

TEST_F(AppendOnly, RefusesEveryOtherStatement) {
  for (const auto* sql : {"UPDATE annals.events SET type = 'b'", "DELETE FROM annals.events", "TRUNCATE annals.events",
                          "DELETE FROM annals.streams", "TRUNCATE annals.streams"}) {
    EXPECT_THAT(error_of([&] { direct_.execute(sql); }).what(), HasSubstr("append-only")) << sql;
  }
  EXPECT_EQ(count("events"), 1);
}

TEST_F(AppendOnly, HoldsForReplicationSessionsToo) {
  direct_.execute("SET session_replication_role = replica");
  EXPECT_THAT(error_of([&] { direct_.execute("DELETE FROM annals.events"); }).what(), HasSubstr("append-only"));
}

TEST_F(AppendOnly, TheSequenceNeverCaches) {
  EXPECT_EQ(direct_.query("SELECT seqcache FROM pg_sequence WHERE seqrelid = 'annals.events_position_seq'::regclass")
                .bigint(0, 0),
            1);
}

TEST_F(AppendOnly, TheSchemaChecksWhatTheLibraryChecks) {
  const auto refused = [&](const std::string& sql) {
    return error_of([&] { direct_.execute(sql); }).sqlstate() == "23514";
  };
  EXPECT_TRUE(refused("INSERT INTO annals.streams (name, version) VALUES ('', 1)"));
  EXPECT_TRUE(refused("INSERT INTO annals.streams (name, version) VALUES (repeat('x', 513), 1)"));
  EXPECT_TRUE(refused("INSERT INTO annals.streams (name, version) VALUES ('s', 0)"));
  const std::string insert =
      "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data, headers) SELECT stream_id, "
      "2, "
      "gen_random_uuid(), ";
  EXPECT_TRUE(refused(insert + "3, 't', '', NULL FROM annals.streams"));
  EXPECT_TRUE(refused(insert + "1, '', '', NULL FROM annals.streams"));
  EXPECT_TRUE(refused(insert + "1, 't', '', '{a}' FROM annals.streams"));
}
