#include "wal/wal_names.hpp"

#include <gmock/gmock.h>

#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/testing/manual_clock.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using ::testing::HasSubstr;

class WalNames : public RelayTestBase {
 protected:
  eventstore::EventStore events_{database_.as("writer")};
  postgres::Connection session_{database_.as("wal_relay")};
  const postgres::MessageLog of_events_ = eventstore::message_log("annals");
  annals::testing::ManualClock time_;
  outbox::WalNames names_{session_, of_events_, time_};
};

/// For however long its commit waits.
TEST_F(WalNames, WaitsForOneThatNobodySeesYet) {
  pqxx::work open{*writer_};
  (void)events_.append(open, StreamName{"late"}, ExpectedVersion::any(), {NewEvent{.type = "t", .data = "{}"}});
  const auto id = open.exec("SELECT stream_id FROM annals.streams WHERE name = 'late'")[0][0].as<std::int64_t>();
  EXPECT_FALSE(names_.know({id}));
  EXPECT_EQ(names_.pause(), 1ms);
  time_.advance(1h);
  EXPECT_FALSE(names_.know({id}));
  EXPECT_TRUE(names_.waiting());
  EXPECT_EQ(names_.pause(), 100ms);
  open.commit();
  EXPECT_TRUE(names_.know({id}));
  EXPECT_FALSE(names_.waiting());
  EXPECT_EQ(names_.name(id), "late");
}

TEST_F(WalNames, SaysThatOneIsMissingWhenNobodyCouldBeWritingIt) {
  EXPECT_FALSE(names_.know({42}));
  const auto error = error_of([&] { (void)names_.know({42}); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("42"));
}

}  // namespace
}  // namespace annals::tests
