#include "annals/projections/inbox.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/testing/memory_source.hpp"
#include "projections/inbox/inbox_effects.hpp"
#include "support/end_session.hpp"
#include "support/planted_functions.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

using annals::testing::MemoryLog;
using annals::testing::MemorySource;
using projections::Inbox;
using projections::MessageHandlers;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

/// A source that gives what it is told, whatever that is, and puts partition 0 of "orders" on record.
class ScriptedSource final : public projections::Source {
 public:
  void commit() override {
    if (broken) throw Error{ErrorKind::disconnected, "the source is gone"};
    ++commits;
  }
  std::vector<projections::IncomingMessage> next;
  std::string origin = "cluster";
  bool fails = false;  ///< when it has given what there is
  int commits = 0;
  int idles = 0;
  bool broken = false;

 private:
  void poll(projections::OffsetTable& offsets, std::size_t, std::chrono::milliseconds,
            std::vector<projections::IncomingMessage>& messages) override {
    if (!started_) {
      if (offsets.places(origin, "orders").empty()) offsets.begin(origin, "orders", {{0, 0}});
      started_ = true;
    }
    messages = std::exchange(next, {});
    if (fails) throw Error{ErrorKind::corrupt, "messages are gone"};
  }
  void idle(projections::OffsetTable&) override { ++idles; }

  bool started_ = false;
};

class InboxTest : public ::testing::Test {
 protected:
  InboxTest() { direct_.execute(create_effects); }

  Inbox inbox(std::string consumer = "payments", projections::InboxOptions options = {}) {
    return {database_.database(), std::move(consumer), types_, make_effects(store_, outbox_), std::move(options)};
  }
  Inbox inbox_with(MessageHandlers handlers) { return {database_.database(), "payments", types_, std::move(handlers)}; }
  std::vector<std::string> effects() {
    auto rows = payloads(direct_, effect_rows);
    EXPECT_EQ(payloads(direct_, effect_events), rows);
    EXPECT_EQ(payloads(direct_, effect_messages), rows);
    return rows;
  }
  static projections::IncomingMessage at(std::int64_t offset, projections::IncomingMessage message) {
    message.offset = offset;
    return message;
  }
  static Error error_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error{ErrorKind::failed, "nothing was thrown"};
  }

  TempDatabase database_;
  postgres::Connection direct_{database_.database()};
  TypeRegistry types_;
  eventstore::EventStore store_{database_.database()};
  outbox::Outbox outbox_{database_.database()};
  MemoryLog log_;
};

TEST_F(InboxTest, HandlesEachMessageOnceAndInOrder) {
  for (int i = 0; i < 25; ++i) log_.append(incoming(std::to_string(i), "id-" + std::to_string(i)));
  MemorySource source{log_};
  auto box = inbox("payments", {.batch_messages_max = 10});
  std::size_t handled = 0;
  for (auto report = box.step(source, 0ms); report.received > 0; report = box.step(source, 0ms))
    handled += report.handled;
  EXPECT_EQ(handled, 25U);
  EXPECT_EQ(log_.committed("group"), 25U);
  std::vector<std::string> expected;
  for (int i = 0; i < 25; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(effects(), expected);
}

TEST_F(InboxTest, CallsNoFunctionThatSomebodyPlanted) {
  plant_functions(database_.superuser());
  for (const auto* path : {"public", "public, pg_catalog"}) {  // the second lets twins of pg_catalog's functions win
    auto database = database_.database();
    database.search_path = path;
    MessageHandlers handlers;
    handlers.on_type("shop.v1.OrderPlaced", [](const auto& message, pqxx::transaction_base& tx) {
      postgres::exec_params(tx, "INSERT INTO effects (payload) VALUES ($1)",  // the service's own path
                            postgres::PqxxParams{}.text(message.payload));
    });
    log_.append(incoming("a", std::string{"id of "} + path));
    MemorySource source{log_};
    Inbox box{database, std::string{"consumer of "} + path, types_, std::move(handlers), {}};
    EXPECT_GT(box.step(source, 0ms).handled, 0U);
    box.prune(Timestamp{});
  }
  // One for the first consumer; for the second, which begins at the beginning, both.
  EXPECT_EQ(payloads(direct_, effect_rows).size(), 3U);
}

TEST_F(InboxTest, WithoutMessagesDoesNothing) {
  MemorySource source{log_};
  EXPECT_EQ(inbox().step(source, 0ms).received, 0U);
}

TEST_F(InboxTest, RepeatedOffsetIsDropped) {
  for (int life = 0; life < 2; ++life) {
    ScriptedSource source;
    source.next = {at(0, incoming("a", "")), at(1, incoming("b", ""))};
    auto box = inbox();
    const auto report = box.step(source, 0ms);
    EXPECT_EQ(report.received, 2U);
    EXPECT_EQ(report.duplicates, life == 0 ? 0U : 2U);
  }
  EXPECT_THAT(effects(), ElementsAre("a", "b"));
}

TEST_F(InboxTest, DatabaseThatWentBackGetsAgainWhatItLacks) {
  for (const auto* payload : {"a", "b", "c", "d"}) log_.append(incoming(payload, payload));
  {
    MemorySource source{log_};
    auto box = inbox();
    EXPECT_EQ(box.step(source, 0ms).handled, 4U);
    EXPECT_EQ(log_.committed("group"), 4U);
  }
  direct_.execute(
      "UPDATE annals.inbox_offsets SET next_offset = 2, last_id = 'b';"
      "DELETE FROM annals.inbox_messages WHERE message_id IN ('c', 'd');"
      "DELETE FROM public.effects WHERE payload IN ('c', 'd')");
  MemorySource source{log_};
  auto box = inbox();
  EXPECT_EQ(box.step(source, 0ms).handled, 2U);
  EXPECT_THAT(payloads(direct_, effect_rows), ElementsAre("a", "b", "c", "d"));
}

TEST_F(InboxTest, RecordSetBackUnderARunningInboxStopsIt) {
  ScriptedSource source;
  auto box = inbox();
  source.next = {at(5, incoming("a", "1"))};
  EXPECT_EQ(box.step(source, 0ms).handled, 1U);
  direct_.execute("UPDATE annals.inbox_offsets SET next_offset = 2, last_id = NULL");
  source.next = {at(6, incoming("b", "2"))};
  const auto error = error_of([&] { box.step(source, 0ms); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("says 2 for orders[0]"), HasSubstr("said 6 before"), HasSubstr("new source")));
  EXPECT_THAT(effects(), ElementsAre("a"));
}

TEST_F(InboxTest, RecordDeletedUnderARunningInboxStopsIt) {
  ScriptedSource source;
  auto box = inbox();
  source.next = {at(5, incoming("a", "1"))};
  EXPECT_EQ(box.step(source, 0ms).handled, 1U);
  postgres::Connection{database_.superuser()}.execute("DELETE FROM annals.inbox_offsets");
  source.next = {at(6, incoming("b", "2"))};
  EXPECT_EQ(error_of([&] { box.step(source, 0ms); }).kind(), ErrorKind::corrupt);
  EXPECT_THAT(effects(), ElementsAre("a"));
}

TEST_F(InboxTest, OffsetsOfAnotherClusterAreRefused) {
  {
    ScriptedSource source;
    source.next = {at(0, incoming("a", "1"))};
    auto box = inbox();
    EXPECT_EQ(box.step(source, 0ms).handled, 1U);
  }
  ScriptedSource source;
  source.origin = "another";
  source.next = {at(1, incoming("b", "2"))};
  auto box = inbox();
  const auto error = error_of([&] { box.step(source, 0ms); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("cluster cluster"), HasSubstr("cluster another")));
  const auto remedy = error.hint().substr(error.hint().find("DELETE"));
  postgres::Connection{database_.as("operator")}.execute(remedy);  // as it stands
  ScriptedSource anew;
  anew.origin = "another";
  anew.next = {at(1, incoming("b", "2"))};
  auto next = inbox();
  EXPECT_EQ(next.step(anew, 0ms).handled, 1U);
}

/// A topic that was deleted and made anew has other messages where the inbox has been.
TEST_F(InboxTest, OtherMessageWhereOneWasHandledStopsIt) {
  {
    ScriptedSource source;
    source.next = {at(0, incoming("a", "1")), at(1, incoming("b", "2"))};
    auto box = inbox();
    EXPECT_EQ(box.step(source, 0ms).handled, 2U);
  }
  for (const auto& [offset, id] : {std::pair{1, "other"}, std::pair{0, "strange"}}) {
    ScriptedSource source;
    source.next = {at(offset, incoming("x", id)), at(2, incoming("y", "3"))};
    auto box = inbox();
    const auto error = error_of([&] { box.step(source, 0ms); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("orders[0]"), HasSubstr(id), HasSubstr("UPDATE annals.inbox_offsets")));
    EXPECT_EQ(effects().size(), 2U);
  }
  direct_.execute("DELETE FROM annals.inbox_messages");  // pruned: the last id is in the offsets
  ScriptedSource source;
  source.next = {at(1, incoming("b", "2")), at(2, incoming("c", "3"))};
  auto box = inbox();
  EXPECT_EQ(box.step(source, 0ms).handled, 1U);
  EXPECT_THAT(effects(), ElementsAre("a", "b", "c"));
}

TEST_F(InboxTest, HintsThatSetTheRecordRunAsTheyStandAndMoveNoTerminal) {
  const auto step = [&](const char* origin, projections::IncomingMessage message) {
    ScriptedSource source;
    source.origin = origin;
    source.next = {at(3, std::move(message))};
    inbox("it's\x1b[2J\\\n\u202e").step(source, 0ms);
  };
  const auto follow = [&](const Error& error, const char* word) {
    EXPECT_THAT(error.hint(), ::testing::Not(::testing::ContainsRegex("[\x01-\x1f]|\u202e")));
    postgres::Connection{database_.as("operator")}.execute(error.hint().substr(error.hint().find(word)));
    return payloads(direct_, "SELECT next_offset::text FROM annals.inbox_offsets");
  };
  step("cluster", incoming("a", "1"));
  EXPECT_THAT(follow(error_of([&] { step("cluster", incoming("b", "2")); }), "UPDATE"), ElementsAre("0"));
  EXPECT_THAT(follow(error_of([&] { step("another", incoming("b", "2")); }), "DELETE"), IsEmpty());
}

/// What was received before the source failed takes effect; the source is not read again.
TEST_F(InboxTest, SourceThatFailedIsNotReadAgain) {
  ScriptedSource source;
  source.next = {at(0, incoming("a", "1"))};
  source.fails = true;
  auto box = inbox();
  EXPECT_EQ(box.step(source, 0ms).handled, 1U);
  source.fails = false;
  source.next = {at(7, incoming("after the gap", "8"))};
  EXPECT_EQ(error_of([&] { box.step(source, 0ms); }).kind(), ErrorKind::corrupt);
  EXPECT_EQ(error_of([&] { box.step(source, 0ms); }).kind(), ErrorKind::corrupt);
  EXPECT_THAT(effects(), ElementsAre("a"));
  EXPECT_THAT(payloads(direct_, "SELECT next_offset::text FROM annals.inbox_offsets"), ElementsAre("1"));
}

/// A batch that failed is lost with its inbox; the source that gave it will not give it again.
TEST_F(InboxTest, SourceOfAnotherInboxIsRefused) {
  auto handlers = make_effects(store_, outbox_);
  handlers.on_any([](const projections::IncomingMessage&) { throw std::runtime_error{"no"}; });
  for (const auto* payload : {"a", "b"}) log_.append(incoming(payload, payload));
  MemorySource source{log_};
  {
    auto box = inbox_with(handlers);
    EXPECT_THROW(box.step(source, 0ms), Error);
  }
  log_.append(incoming("c", "c"));
  auto box = inbox();
  EXPECT_THAT(error_of([&] { box.step(source, 0ms); }).what(), HasSubstr("new source"));
  MemorySource again{log_};
  EXPECT_EQ(box.step(again, 0ms).handled, 3U);
}

TEST_F(InboxTest, SourceIsKeptAliveWhileABatchFails) {
  auto handlers = make_effects(store_, outbox_);
  bool broken = true;
  handlers.on_any([&](const projections::IncomingMessage&) {
    if (broken) throw std::runtime_error{"no"};
  });
  ScriptedSource source;
  source.next = {at(0, incoming("a", "1"))};
  auto box = inbox_with(handlers);
  for (int i = 0; i < 3; ++i) EXPECT_THROW(box.step(source, 0ms), Error);
  EXPECT_EQ(source.idles, 2);
  broken = false;
  EXPECT_EQ(box.step(source, 0ms).handled, 1U);
  EXPECT_EQ(source.idles, 3);
}

TEST_F(InboxTest, RepeatedIdAtANewOffsetIsDropped) {
  log_.append(incoming("a", "1"));
  log_.append(incoming("b", "2"));
  log_.append(incoming("a", "1"));  // in the same batch
  MemorySource source{log_};
  auto box = inbox();
  EXPECT_EQ(box.step(source, 0ms).duplicates, 1U);
  log_.append(incoming("b", "2"));  // and in a later one
  log_.append(incoming("c", "3"));
  EXPECT_EQ(box.step(source, 0ms).duplicates, 1U);
  EXPECT_THAT(effects(), ElementsAre("a", "b", "c"));
}

TEST_F(InboxTest, IdIsUniqueWithinItsSourceAndConsumer) {
  log_.append(incoming("a", "1", "/shop"));
  log_.append(incoming("b", "1", "/other"));
  MemorySource source{log_};
  auto box = inbox();
  EXPECT_EQ(box.step(source, 0ms).handled, 2U);
  MemorySource again{log_, "another group"};
  auto other = inbox("another_consumer");
  EXPECT_EQ(other.step(again, 0ms).handled, 2U);
  EXPECT_THAT(effects(), ElementsAre("a", "b", "a", "b"));
}

TEST_F(InboxTest, SameOffsetOfAnotherPartitionIsAnotherMessage) {
  log_.append(incoming("a", "", "", 0));
  log_.append(incoming("b", "", "", 1));
  MemorySource source{log_};
  auto box = inbox();
  EXPECT_EQ(box.step(source, 0ms).handled, 2U);
}

TEST_F(InboxTest, UnusableIdsAreToldApartByOffsetOnly) {
  for (const auto& id : {std::string(2'000, 'x'), std::string{"\xff"}, std::string{"a\0b", 3}}) {
    log_.append(incoming("p", id));
    log_.append(incoming("p", id));
  }
  MemorySource source{log_};
  auto box = inbox();
  EXPECT_EQ(box.step(source, 0ms).handled, 6U);
}

TEST_F(InboxTest, HandlerThatThrowsHasNoEffectAndTheBatchIsKept) {
  bool broken = true;
  auto handlers = make_effects(store_, outbox_);
  handlers.on_any([&](const projections::IncomingMessage& message) {
    if (broken && message.payload == "b") throw std::runtime_error{"no"};
  });
  for (const auto* payload : {"a", "b", "c"}) log_.append(incoming(payload, payload));
  MemorySource source{log_};
  auto box = inbox_with(handlers);
  const auto error = error_of([&] { box.step(source, 0ms); });
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("inbox \"payments\""), HasSubstr("orders[0] offset 1"), HasSubstr(": no")));
  EXPECT_THAT(effects(), IsEmpty());
  EXPECT_EQ(log_.committed("group"), 0U);
  broken = false;
  log_.append(incoming("d", "d"));
  EXPECT_EQ(box.step(source, 0ms).handled, 3U) << "the batch, not what came after it";
  EXPECT_EQ(box.step(source, 0ms).handled, 1U);
  EXPECT_THAT(effects(), ElementsAre("a", "b", "c", "d"));
}

TEST_F(InboxTest, SwallowedSqlErrorHasNoEffect) {
  auto handlers = make_effects(store_, outbox_);
  handlers.on_any([](const projections::IncomingMessage&, pqxx::transaction_base& tx) {
    try {
      tx.exec("SELECT 1/0");
    } catch (const std::exception&) {
    }
  });
  log_.append(incoming("a", "1"));
  log_.append(incoming("b", "2"));
  MemorySource source{log_};
  auto box = inbox_with(handlers);
  EXPECT_THAT(error_of([&] { box.step(source, 0ms); }).message(), HasSubstr("offset 0"));
  EXPECT_THAT(effects(), IsEmpty());
  EXPECT_EQ(log_.committed("group"), 0U);
  EXPECT_THAT(payloads(direct_, "SELECT next_offset::text FROM annals.inbox_offsets"), ElementsAre("0"));
}

TEST_F(InboxTest, SourceThatCannotCommitIsToldAgainWithoutASecondEffect) {
  ScriptedSource source;
  source.next = {at(7, incoming("a", "1"))};
  source.broken = true;
  auto box = inbox();
  EXPECT_THROW(box.step(source, 0ms), Error);
  EXPECT_THAT(effects(), ElementsAre("a"));
  source.broken = false;
  EXPECT_EQ(box.step(source, 0ms).duplicates, 1U);
  EXPECT_EQ(source.commits, 1);
  EXPECT_THAT(effects(), ElementsAre("a"));
}

TEST_F(InboxTest, OffsetsMayHaveHolesAndNeverGoBack) {
  ScriptedSource source;
  auto box = inbox();
  source.next = {at(5, incoming("a", "")), at(9, incoming("b", "")), at(9, incoming("b", "")),
                 at(6, incoming("old", ""))};
  EXPECT_EQ(box.step(source, 0ms).handled, 2U);
  source.next = {at(9, incoming("b", "")), at(10, incoming("c", ""))};
  EXPECT_EQ(box.step(source, 0ms).handled, 1U);
  EXPECT_THAT(effects(), ElementsAre("a", "b", "c"));
}

TEST_F(InboxTest, UnhandledTypeIsSkippedUnlessToldOtherwise) {
  auto stranger = incoming("x", "1");
  stranger.type = "other.v1.Thing";
  log_.append(stranger);
  {
    MemorySource source{log_};
    auto strict = make_effects(store_, outbox_);
    strict.unhandled(projections::Unhandled::fail);
    auto box = inbox_with(strict);
    EXPECT_THAT(error_of([&] { box.step(source, 0ms); }).what(), HasSubstr("other.v1.Thing"));
  }
  MemorySource source{log_};
  auto box = inbox();
  EXPECT_EQ(box.step(source, 0ms).received, 1U);
  EXPECT_EQ(log_.committed("group"), 1U);
  EXPECT_THAT(effects(), IsEmpty());
}

TEST_F(InboxTest, DamagedMessageReachesNoHandler) {
  auto damaged = incoming("x", "1");
  damaged.damaged = "99000 headers, of which 76 were read";
  log_.append(damaged);
  log_.append(incoming("y", "2"));
  {
    MemorySource source{log_};
    auto strict = make_effects(store_, outbox_);
    strict.unhandled(projections::Unhandled::fail);
    auto box = inbox_with(strict);
    EXPECT_THAT(error_of([&] { box.step(source, 0ms); }).what(),
                AllOf(HasSubstr("offset 0"), HasSubstr("99000 headers")));
    EXPECT_THAT(effects(), IsEmpty());
  }
  MemorySource source{log_};
  auto box = inbox();
  const auto report = box.step(source, 0ms);
  EXPECT_EQ(report.damaged, 1U);
  EXPECT_EQ(report.handled, 2U);
  EXPECT_THAT(effects(), ElementsAre("y"));
}

TEST_F(InboxTest, ConsumersOnTheSameMessagesAtOnceHandleEachOnce) {
  for (int i = 0; i < 200; ++i) log_.append(incoming(std::to_string(i), "id-" + std::to_string(i), "/shop", i % 4));
  (void)inbox();  // libpqxx fills a table in its first session, behind a guard that ThreadSanitizer cannot see
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, copy = log_]() mutable {
        MemorySource source{copy};
        auto box = inbox("payments", {.batch_messages_max = 13});
        while (box.step(source, 0ms).received > 0) continue;
      });
  }
  EXPECT_EQ(payloads(direct_, "SELECT DISTINCT payload FROM public.effects").size(), 200U);
  EXPECT_EQ(payloads(direct_, effect_rows).size(), 200U);
  EXPECT_EQ(payloads(direct_, effect_messages).size(), 200U);
}

TEST_F(InboxTest, LostSessionLeavesNothingAndAnotherInboxGoesOn) {
  log_.append(incoming("a", "1"));
  MemorySource source{log_};
  auto box = inbox("payments", {.at_point = [&](std::string_view point) {
                     const auto* open =
                         "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                         " AND state = 'idle in transaction'";
                     if (point == "commit") end_session(direct_, direct_.query(open).integer(0, 0));
                   }});
  EXPECT_THROW(box.step(source, 0ms), Error);
  EXPECT_THAT(effects(), IsEmpty());
  MemorySource again{log_};
  auto next = inbox();
  EXPECT_EQ(next.step(again, 0ms).handled, 1U);
  EXPECT_THAT(effects(), ElementsAre("a"));
}

TEST_F(InboxTest, PrunesOldIdsInBoundedPieces) {
  for (int i = 0; i < 5; ++i) log_.append(incoming("p", std::to_string(i)));
  MemorySource source{log_};
  auto box = inbox();
  box.step(source, 0ms);
  const auto now = direct_.query("SELECT clock_timestamp()").timestamptz(0, 0);
  EXPECT_EQ(box.prune(now - 1h), 0U);
  EXPECT_EQ(box.prune(now, 3), 3U);
  EXPECT_EQ(box.prune(now, 3), 2U);
  EXPECT_EQ(box.prune(now, 3), 0U);
  log_.append(incoming("again", "0"));
  EXPECT_EQ(box.step(source, 0ms).handled, 1U) << "its id was forgotten";
}

TEST_F(InboxTest, RefusesBadOptions) {
  EXPECT_THROW(inbox(""), Error);
  EXPECT_THROW(inbox("c", {.batch_messages_max = 0}), Error);
}

}  // namespace
}  // namespace annals::tests
