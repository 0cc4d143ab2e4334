// Messages that the log alone has: their order among rows, what becomes of those that cannot be published, and how nobody loses one
// without knowing.
#include <gmock/gmock.h>

#include <tuple>

#include "annals/core/limits.hpp"
#include "annals/outbox/status.hpp"
#include "relay_emission_base.hpp"
#include "support/planted_functions.hpp"

namespace annals::tests {
namespace {

using outbox::PoisonPolicy;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RelayEmission : public RelayEmissionBase {
 protected:
  /// In one transaction; `text` of each i.
  void emit_large(const std::string& text, std::size_t count) {
    postgres::Connection session{database_.as("writer")};
    session.execute(
        fmt::format("SELECT count(annals.outbox_emit('orders', 'large', 'T', convert_to({}, 'UTF8'))) "
                    "FROM generate_series(1, {}) i",
                    text, count));
  }
  /// What an operator is told to run.
  void skip_as(const std::string& hint) {
    const auto after = [&](const std::string& option) { return hint.substr(hint.find(option) + option.size()); };
    const auto id = EventId::parse(after("--id ").substr(0, 36));
    ASSERT_TRUE(id.has_value()) << hint;
    postgres::Connection connection{database_.as("operator")};
    outbox::skip_message(connection, log_,
                         {.position = std::stoll(after("--position ")), .id = *id, .reason = "too large"});
  }
};

// Order

TEST_P(RelayEmission, PublishesRowsAndWhatIsEmittedInTheOrderOfTheCommits) {
  run_and_switch_on();
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work late{*other};
  const auto first = outbox_.emit(late, message("k", "late emitted"));
  const auto row = outbox_.enqueue(late, message("k", "late row"));
  EXPECT_LT(first, row) << "one sequence";
  {
    pqxx::work tx{*writer_};
    outbox_.enqueue(tx, message("k", "1"));
    outbox_.emit(tx, message("k", "2"));
    tx.exec("SAVEPOINT s");
    outbox_.emit(tx, message("k", "never"));
    outbox_.enqueue(tx, message("k", "never"));
    tx.exec("ROLLBACK TO s");
    outbox_.emit(tx, std::vector{message("k", "3"), message("k", "4")});
    outbox_.enqueue(tx, message("k", "5"));
    tx.commit();
  }
  {
    pqxx::work lost{*writer_};
    outbox_.emit(lost, message("k", "never"));
  }
  late.commit();
  EXPECT_THAT(run_once({.batch_rows_max = 2}), ElementsAre("1", "2", "3", "4", "5", "late emitted", "late row"));
  EXPECT_THAT(run_once(), IsEmpty()) << "and none of them twice";
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.outbox"), "3");
}

TEST_P(RelayEmission, GoesOnWithinATransactionThatItHasPublishedInPart) {
  run_and_switch_on();
  {
    pqxx::work tx{*writer_};
    for (int i = 0; i < 40; i += 2) {
      outbox_.emit(tx, message("k", std::to_string(i)));
      outbox_.enqueue(tx, message("k", std::to_string(i + 1)));
    }
    tx.commit();
  }
  std::vector<std::string> all;
  for (int life = 0; life < 50 && all.size() < 40; ++life) {
    RecordingSink sink;
    auto relay = miner(sink, {.batch_rows_max = 3, .checkpoint_interval = 0ms});
    step_until(relay, [&](const auto& report) { return report.state == State::idle || sink.received.size() >= 3; });
    EXPECT_TRUE(relay.drain(5s));
    for (const auto& payload : payloads(sink)) all.push_back(payload);
  }
  EXPECT_EQ(all, numbers(0, 40));
}

TEST_P(RelayEmission, PublishesWhatWasPreparedWhenItIsCommitted) {
  run_and_switch_on();
  const auto name = scalar("SELECT current_database()");
  const auto session = postgres::open_pqxx(database_.as("writer"));
  for (const auto* end : {"ROLLBACK PREPARED '", "COMMIT PREPARED '"}) {
    pqxx::nontransaction tx{*session};
    tx.exec("BEGIN");
    outbox_.emit(tx, message("k", end));
    tx.exec("PREPARE TRANSACTION '" + name + "'");
    emit("k", "between");
    tx.exec(end + name + "'");
  }
  EXPECT_THAT(run_once(), ElementsAre("between", "between", "COMMIT PREPARED '"));
}

// The message

TEST_P(RelayEmission, KeepsEveryMemberOfAMessage) {
  run_and_switch_on();
  auto sent = message("key \"'\\{},NULL", std::string("\0\x01'\"\\x00\xff", 9));
  sent.type = "näme; DROP TABLE annals.outbox --";
  sent.content_type = ContentType::json;
  sent.occurred_at = parse_timestamp("2026-03-01T12:00:00.123456Z");
  sent.metadata = {.correlation_id = "c'1",
                   .causation_id = "c\"2",
                   .traceparent = "00-ab",
                   .tracestate = "a=b,c=d",
                   .headers = {{"h1", "{\"a\": [1,2]}"}, {"h2", ""}, {"NULL", "null"}, {"back\\slash", "ü\n"}}};
  {
    pqxx::work tx{*writer_};
    outbox_.emit(tx, sent);
    outbox_.emit(tx, std::vector{sent, message("", "")});
    tx.commit();
  }
  std::string large(1U << 20U, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 % 256);
  emit("large", large);
  RecordingSink sink;
  run(sink);
  ASSERT_THAT(sink.received, SizeIs(4));
  EXPECT_EQ(sink.received[3].payload, large);
  for (const auto i : {0U, 1U}) {
    const auto& got = sink.received[i];
    EXPECT_EQ(got.id, sent.id);
    EXPECT_EQ(got.topic, sent.topic);
    EXPECT_EQ(got.key, sent.key);
    EXPECT_EQ(got.type, sent.type);
    EXPECT_EQ(got.content_type, sent.content_type);
    EXPECT_EQ(got.payload, sent.payload);
    EXPECT_EQ(got.time, *sent.occurred_at);
    EXPECT_EQ(got.metadata, sent.metadata);
  }
  EXPECT_EQ(sink.received[2].key, "");
  EXPECT_EQ(sink.received[2].metadata, Metadata{});
}

/// In any language, whatever its session speaks, and whoever has put functions in its way.
TEST_P(RelayEmission, TakesMessagesByAFunctionOfSql) {
  run_and_switch_on();
  plant_functions(database_.superuser());
  postgres::Connection session{database_.as("writer")};
  session.execute("SET client_encoding = 'LATIN1'; SET search_path = public, pg_catalog");
  session.execute(
      "SELECT annals.outbox_emit(topic => 'orders', key => 'M\xFCller', type => 'T', payload => '\\x00ff', "
      "content_type => 1, headers => ARRAY['Gr\xF6\xDF"
      "e', '\xFC'])");
  session.execute("SELECT annals.outbox_emit('orders', NULL, 'T', '')");
  RecordingSink sink;
  run(sink);
  ASSERT_THAT(sink.received, SizeIs(2));
  EXPECT_EQ(sink.received[0].key, "M\xC3\xBCller");
  EXPECT_EQ(sink.received[0].payload, std::string("\0\xFF", 2));
  EXPECT_EQ(sink.received[0].content_type, ContentType::json);
  ASSERT_THAT(sink.received[0].metadata.headers, SizeIs(1));
  EXPECT_EQ(sink.received[0].metadata.headers[0].first,
            "Gr\xC3\xB6\xC3\x9F"
            "e");
  EXPECT_EQ(sink.received[0].metadata.headers[0].second, "\xC3\xBC");
  EXPECT_EQ(sink.received[1].key, "");
}

/// Large ones: no more of them are at hand than there is room for, and all come through.
TEST_P(RelayEmission, ReadsNoMoreThanItCanKeep) {
  run_and_switch_on();
  constexpr std::size_t count = 22;
  emit_large("repeat(md5(i::text), 32768)", count);
  std::size_t sent = 0;
  RecordingSink sink{{.stalled = true, .on_send = [&] { ++sent; }}};
  auto relay = miner(sink);
  step_until(relay, [&](const auto&) { return sent >= 16; });
  for (int i = 0; i < 20; ++i) (void)relay.step(10ms);
  EXPECT_LT(sent, 21U);
  sink.options().stalled = false;
  step_until(relay, [&](const auto&) { return sink.received.size() == count; });
  EXPECT_EQ(sink.received.back().payload.substr(0, 32), scalar("SELECT md5('22')"));
  run_until_idle(relay);
}

/// One alone may be larger than all that is kept.
TEST_P(RelayEmission, GoesOnBehindTheLargestThereIs) {
  run_and_switch_on();
  emit_large(fmt::format("repeat('x', {})", limits::event_data_bytes_max), 1);
  RecordingSink sink;
  auto relay = miner(sink);
  run_until_idle(relay);
  emit("small", "1");
  step_until(relay, [&](const auto&) { return sink.received.size() == 2; });
  EXPECT_EQ(sink.received[0].payload.size(), limits::event_data_bytes_max);
}

TEST_P(RelayEmission, RefusesWhatTheTableWouldRefuse) {
  run_and_switch_on();
  const std::pair<const char*, const char*> bad[] = {
      {"'a/b', 'k', 'T', ''", "23514"},
      {"NULL, 'k', 'T', ''", "22004"},
      {"'t', '', 'T', ''", "23514"},
      {"'t', 'k', '', ''", "23514"},
      {"'t', 'k', 'T', NULL", "22004"},
      {"'t', 'k', 'T', '', 3", "23514"},
      {"'t', 'k', 'T', '', headers => ARRAY['ce_id', 'x']", "23514"},
      {"'t', 'k', 'T', '', message_id => '00000000-0000-0000-0000-000000000000'", "23514"},
      {"'t', 'k', 'T', '', occurred_at => 'infinity'", "23514"}};
  postgres::Connection session{database_.as("writer")};
  for (const auto& [arguments, state] : bad) {
    const auto call = fmt::format("SELECT annals.outbox_emit({})", arguments);
    const auto error = error_of([&] { session.execute(call); });
    EXPECT_EQ(error.sqlstate(), state) << arguments << ": " << error.what();
  }
  EXPECT_THAT(run_once(), IsEmpty());
  pqxx::work tx{*writer_};
  auto wrong = message("k", "x");
  wrong.type = "\xff";
  EXPECT_EQ(error_of([&] { outbox_.emit(tx, wrong); }).kind(), ErrorKind::invalid);
}

// What cannot be published

TEST_P(RelayEmission, ParksWhatIsRefusedWithItsContentAndReleasesItInOrder) {
  run_and_switch_on();
  const outbox::RelayOptions parking{.on_poison = {{.topics = "*", .policy = PoisonPolicy::park}}, .batch_rows_max = 3};
  emit_numbers(1, 3, 1);
  const auto refused = emit("k0", "4");
  enqueue("k0", "5");
  emit("other", "6");
  emit("k0", "7");
  RecordingSink sink{{.unsendable = {refused}}};
  run(sink, parking);
  EXPECT_THAT(payloads(sink), ElementsAre("1", "2", "3", "6"));
  postgres::Connection connection{database_.as("operator")};
  const auto content = outbox::find_parked(connection, log_, "relay", refused);
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->payload, "4");
  EXPECT_THAT(outbox::list_parked(connection, log_, {}), SizeIs(3));
  EXPECT_EQ(outbox::release_parked(connection, log_, "relay", {"orders", "k0"}, "mended"), 1);
  EXPECT_THAT(run_once(parking), ElementsAre("4", "5", "7"));
}

/// Refused by the other side, when the source has read on: its content is still to be had.
TEST_P(RelayEmission, ParksWhatIsRefusedLater) {
  run_and_switch_on();
  const auto refused = emit("k", "refused");
  emit_numbers(1, 20);
  const outbox::RelayOptions parking{.on_poison = {{.topics = "*", .policy = PoisonPolicy::park}}, .batch_rows_max = 2};
  RecordingSink sink{{.undeliverable = {refused}, .stalled = true}};
  auto relay = miner(sink, parking);
  for (int i = 0; i < 40; ++i) (void)relay.step(10ms);
  sink.options().stalled = false;
  EXPECT_TRUE(error_of([&] { run_until_idle(relay); }).retryable());
  postgres::Connection connection{database_.as("operator")};
  const auto content = outbox::find_parked(connection, log_, "relay", refused);
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->payload, "refused");
}

TEST_P(RelayEmission, LetsTheOperatorGiveOneUp) {
  run_and_switch_on();
  emit("k", "1");
  const auto refused = emit("k", "2");
  enqueue("k", "3");
  std::string hint;
  {
    RecordingSink sink{{.unsendable = {refused}}};
    auto relay = miner(sink);
    const auto error = error_of([&] { run_until_idle(relay); });
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_THAT(payloads(sink), ElementsAre("1"));
    hint = error.hint();
  }
  EXPECT_THAT(hint, HasSubstr(fmt::format("--position {} ", refused)));
  skip_as(hint);
  EXPECT_THAT(run_once(), ElementsAre("3"));
}

/// The schema's owner alone can write such; a relay halts at it, and an operator passes over it.
TEST_P(RelayEmission, HaltsAtWhatIsNoMessage) {
  run_and_switch_on();
  const std::tuple<const char*, const char*, const char*, const char*> bad[] = {
      {"true", "'\\x00'::bytea", "1", "is cut short"},
      {"true", "record_send(ROW(1))", "1", "1 fields"},
      {"true", "''", "2", "upgrade the relay"},
      {"false", "''", "1", "pg_logical_emit_message(false"}};
  int number = 0;
  for (const auto& [transactional, content, version, reason] : bad) {
    SCOPED_TRACE(reason);
    const auto before = std::to_string(++number);
    emit("k", before);
    write_ours(transactional, content, version);
    emit("k", std::to_string(++number));
    std::string hint;
    {
      RecordingSink sink;
      auto relay = miner(sink, {.on_poison = {{.topics = "*", .policy = PoisonPolicy::park}}});
      const auto error = error_of([&] { run_until_idle(relay); });
      EXPECT_EQ(error.kind(), ErrorKind::refused);
      EXPECT_THAT(error.what(), HasSubstr(reason));
      EXPECT_THAT(payloads(sink), ElementsAre(before));
      hint = error.hint();
    }
    skip_as(hint);
    EXPECT_THAT(run_once(), ElementsAre(std::to_string(number)));
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, RelayEmission, ::testing::Values(Way::streamed, Way::mined),
                         [](const auto& way) { return way.param == Way::mined ? "mined" : "streamed"; });

}  // namespace
}  // namespace annals::tests
