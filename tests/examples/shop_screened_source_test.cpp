#include "service/screened_source.hpp"

#include <gmock/gmock.h>

#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/projections/inbox.hpp"
#include "annals/testing/memory_source.hpp"
#include "payments/handlers.hpp"
#include "service/event_types.hpp"
#include "shop.pb.h"
#include "support/temp_database.hpp"

namespace shop {
namespace {

using annals::projections::IncomingMessage;
using annals::testing::MemorySource;
using std::chrono::milliseconds;
using testing::HasSubstr;

/// The payments service at a topic that others write to as well.
class ShopScreenedSource : public testing::Test {
 protected:
  static IncomingMessage order(const std::string& id) {
    v1::OrderPlaced event;
    event.set_order_id(id);
    event.set_amount_cents(100);
    IncomingMessage message;
    message.topic = "orders";
    message.type = "shop.v1.OrderPlaced";
    message.content_type = annals::ContentType::protobuf;
    message.payload = event.SerializeAsString();
    return message;
  }
  static std::vector<IncomingMessage> garbage() {
    auto truncated = order("1");
    truncated.payload.resize(truncated.payload.size() - 1);
    auto other = order("1");
    other.content_type = annals::ContentType::json;
    auto label = order("1");
    label.metadata.correlation_id.assign(5000, 'x');
    auto cause = order("1");
    cause.id = std::string{"a\0b", 3};
    return {truncated, other, label, cause, order(std::string(5000, 'x')), order(std::string{"a\0b", 3})};
  }
  annals::projections::Inbox inbox() { return {database_.database(), "payments", types_, handlers()}; }
  annals::projections::MessageHandlers handlers() { return payments::handlers(store_, types_); }

  annals::tests::TempDatabase database_;
  annals::eventstore::EventStore store_{database_.database()};
  annals::TypeRegistry types_ = event_types();
  annals::testing::MemoryLog topic_;
  std::vector<std::string> reports_;
};

TEST_F(ShopScreenedSource, LeavesOutAndReportsWhatWouldEndTheService) {
  for (const auto& message : garbage()) topic_.append(message);
  topic_.append(order("7"));
  MemorySource source{topic_};
  ScreenedSource screened{source, types_, [&](const auto& what) { reports_.push_back(what); }};

  const auto report = inbox().step(screened, milliseconds{0});
  EXPECT_EQ(report.handled - report.damaged, 1U);
  EXPECT_EQ(store_.read_stream(annals::StreamName{"payment-7"}).size(), 1U);
  EXPECT_EQ(reports_.size(), garbage().size());
  EXPECT_THAT(reports_, testing::Each(HasSubstr("left out: orders [0] at ")));
  EXPECT_EQ(topic_.committed("group"), topic_.messages().size());
}

TEST_F(ShopScreenedSource, LeavesOutNothingElse) {
  std::int32_t partition = 0;
  for (auto message : garbage()) {
    message.partition = partition++;
    annals::testing::MemoryLog topic;
    topic.append(message);
    MemorySource source{topic};
    EXPECT_THROW(inbox().step(source, milliseconds{0}), annals::Error) << "a handler takes it: why leave it out?";
  }
}

}  // namespace
}  // namespace shop
