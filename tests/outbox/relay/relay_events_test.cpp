#include <gmock/gmock.h>

#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RelayEvents : public RelayTestBase {
 protected:
  void append(const std::string& stream, const std::string& data) {
    (void)events_.append(StreamName{stream}, ExpectedVersion::any(), {NewEvent{.type = "t." + stream, .data = data}});
  }
  static outbox::RelayOptions routed(std::vector<outbox::Route> routes, outbox::Unrouted unrouted) {
    return {.routes = std::move(routes), .unrouted = unrouted};
  }
  /// Relays events.
  outbox::Relay event_relay(outbox::Sink& sink, outbox::RelayOptions options) {
    return {database_.as("relay"), eventstore::message_log("annals"), sink, clock_, std::move(options)};
  }
  eventstore::EventStore events_{database_.as("writer")};
};

TEST_F(RelayEvents, PublishesStreamsByTheTopicOfTheirCategory) {
  append("order-1", "a");
  append("cart-7", "b");
  append("order-1", "c");
  RecordingSink sink;
  auto relay = event_relay(sink, routed({{"order", "orders"}, {"*", "rest"}}, outbox::Unrouted::halt));
  run_until_idle(relay);
  ASSERT_EQ(sink.received.size(), 3U);
  EXPECT_THAT(payloads(sink), ElementsAre("a", "b", "c"));
  EXPECT_EQ(sink.received[0].topic, "orders");
  EXPECT_EQ(sink.received[1].topic, "rest");
  const auto& last = sink.received[2];
  EXPECT_EQ(last.key, "order-1");
  EXPECT_EQ(last.subject, "order-1");
  EXPECT_EQ(last.sequence, 2);
  EXPECT_EQ(last.type, "t.order-1");
  EXPECT_FALSE(last.id.is_nil());
}

TEST_F(RelayEvents, HasACheckpointOfItsOwnBesideTheOutbox) {
  append("order-1", "event");
  enqueue("k", "message");
  RecordingSink sink;
  {
    auto events = event_relay(sink, routed({{"*", "events"}}, outbox::Unrouted::halt));
    auto messages = this->relay(sink);
    run_until_idle(events);
    run_until_idle(messages);
  }
  EXPECT_THAT(payloads(sink), ElementsAre("event", "message"));
  EXPECT_EQ(scalar("SELECT string_agg(log, ',' ORDER BY log) FROM annals.relay_checkpoints"), "events,outbox");
}

TEST_F(RelayEvents, HaltsAtAnEventWithoutRoute) {
  append("order-1", "a");
  append("secret-1", "b");
  append("order-1", "c");
  RecordingSink sink;
  auto relay = event_relay(sink, routed({{"order", "orders"}}, outbox::Unrouted::halt));
  const auto error = error_of([&] { run_until_idle(relay); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.what(), HasSubstr("secret"));
  EXPECT_THAT(error.hint(), HasSubstr("route"));
  EXPECT_THAT(payloads(sink), ElementsAre("a"));
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "1");
}

TEST_F(RelayEvents, SkipsEventsWithoutRouteWhenToldTo) {
  append("secret-1", "a");
  append("order-1", "b");
  append("secret-1", "c");
  append("secret-2", "d");
  RecordingSink sink;
  auto relay = event_relay(sink, routed({{"order", "orders"}}, outbox::Unrouted::skip));
  EXPECT_EQ(run_until_idle(relay).checkpoint, 4);
  EXPECT_THAT(payloads(sink), ElementsAre("b"));
}

TEST_F(RelayEvents, NamesTheStreamThatIsNoneAndTheCommandThatAdoptsIt) {
  execute(
      "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data) "
      "VALUES (4711, 1, gen_random_uuid(), 1, 't', '1')");
  RecordingSink sink;
  auto relay = event_relay(sink, routed({{"*", "rest"}}, outbox::Unrouted::halt));
  const auto error = error_of([&] { run_until_idle(relay); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("stream_id 4711 of the log is no stream"));
  EXPECT_THAT(error.hint(), HasSubstr("`annals stream adopt --yes`"));
}

}  // namespace
}  // namespace annals::tests
