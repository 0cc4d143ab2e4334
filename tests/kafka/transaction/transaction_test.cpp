// What each error of a broker makes of a transaction. The mock answers only: what becomes visible is the real broker's matter.
#include "transaction/transaction.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>

#include "producer/producer.hpp"
#include "support/error_of.hpp"
#include "support/kafka_mock.hpp"

namespace annals::kafka {
namespace {

using std::chrono::milliseconds;
using End = Transaction::End;

// Of the protocol
constexpr int produce = 0;
constexpr int find_coordinator = 10;
constexpr int init_producer_id = 22;
constexpr int add_partitions = 24;
constexpr int end_transaction = 26;

constexpr milliseconds answer_timeout{3'000};

/// A producer of the mock's, and its transactions.
class OnMock {
 public:
  OnMock() { mock.create_topic("t", 1); }
  /// One message, and the end of its transaction.
  End run(const KeepAlive& keep_alive = [] {}) {
    transaction.begin_if_none();
    auto& topic = producer.topics.get("t");
    HeadersHandle headers{rd_kafka_headers_new(0)};
    auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
    topic.send_to(0, [&] {
      error = producer.produce(topic, {.ticket = 1, .has_key = true, .key = "k", .payload = "v"}, headers);
    });
    EXPECT_EQ(error, RD_KAFKA_RESP_ERR_NO_ERROR);
    state.accepted(2);
    return transaction.commit(keep_alive);
  }

  tests::KafkaMock mock;
  SinkState state;
  Producer producer{{.settings = {{"bootstrap.servers", mock.brokers()}, {"retry.backoff.ms", "10"}}},
                    state,
                    Requests::gather,
                    {.id = "annals-test", .timeout = milliseconds{10'000}}};
  Transaction transaction{*producer.client, "annals-test", state, answer_timeout};
};

struct Case {
  const char* name;
  int api;
  std::vector<int> errors;
  End end;

  friend std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }
};

class TransactionEnds : public ::testing::TestWithParam<Case> {};

TEST_P(TransactionEnds, AsTheErrorMeans) {
  OnMock on;
  on.transaction.take_over([] {});
  on.mock.fail(GetParam().api, GetParam().errors);
  EXPECT_EQ(on.run(), GetParam().end) << on.transaction.reason();
  EXPECT_FALSE(on.transaction.is_open());
}

INSTANTIATE_TEST_SUITE_P(
    Errors, TransactionEnds,
    ::testing::Values(
        Case{"Nothing", produce, {}, End::committed},
        Case{"ProducePasses", produce, {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION}, End::committed},
        Case{"ProduceRefused", produce, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE}, End::aborted},
        Case{"ProduceNotAuthorised", produce, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}, End::aborted},
        Case{"ProduceOfAnOldEpoch", produce, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH}, End::fenced},
        Case{"AddPasses",
             add_partitions,
             {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
             End::committed},
        Case{"AddNotAuthorised", add_partitions, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}, End::aborted},
        Case{"AddForgotten", add_partitions, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING}, End::unknown},
        Case{"AddFenced", add_partitions, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED}, End::fenced},
        Case{"EndPasses",
             end_transaction,
             {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR},
             End::committed},
        Case{"EndCutOff", end_transaction, {RD_KAFKA_RESP_ERR__TRANSPORT}, End::committed},
        Case{"EndFenced", end_transaction, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED}, End::fenced},
        Case{"EndOfAnOldEpoch", end_transaction, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH}, End::fenced},
        Case{"EndForgotten", end_transaction, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING}, End::unknown},
        Case{"EndWithoutAnAnswer", end_transaction,
             std::vector<int>(2'000, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS), End::unknown}),
    [](const auto& one) { return one.param.name; });

// It is under way, and whether it takes place is not known yet: to abort it would be as wrong as to take it for done.
TEST(TransactionCommit, ThatTimesOutIsRepeatedAsTheSameCall) {
  OnMock on;
  on.transaction.take_over([] {});
  on.mock.answer_late(end_transaction, milliseconds{1'200});
  int repeated = 0;
  EXPECT_EQ(on.run([&] { ++repeated; }), End::committed) << on.transaction.reason();
  EXPECT_GE(repeated, 1) << "one call waits for less";
}

class TransactionBegins : public ::testing::TestWithParam<Case> {};

TEST_P(TransactionBegins, AfterWhatPasses) {
  OnMock on;
  on.mock.fail(GetParam().api, GetParam().errors);
  on.transaction.take_over([] {});
  EXPECT_EQ(on.run(), End::committed) << on.transaction.reason();
}

INSTANTIATE_TEST_SUITE_P(
    Errors, TransactionBegins,
    ::testing::Values(Case{"NoCoordinator", find_coordinator, {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE}, {}},
                      Case{"OldOneEnds", init_producer_id, {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS}, {}},
                      Case{"CutOff", init_producer_id, {RD_KAFKA_RESP_ERR__TRANSPORT}, {}}),
    [](const auto& one) { return one.param.name; });

TEST(TransactionTakeOver, SaysWhatIsMissing) {
  OnMock on;
  on.mock.fail(init_producer_id, {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED});
  const auto error = tests::error_of([&] { on.transaction.take_over([] {}); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready) << error.what();
}

TEST(TransactionTakeOver, IsGivenUpWithoutAnAnswer) {
  OnMock on;
  on.mock.fail(init_producer_id, std::vector<int>(2'000, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS));
  const auto error = tests::error_of([&] { on.transaction.take_over([] {}); });
  EXPECT_EQ(error.kind(), ErrorKind::disconnected) << error.what();
}

}  // namespace
}  // namespace annals::kafka
