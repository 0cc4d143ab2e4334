#include <thread>

#include "annals/core/limits.hpp"
#include "annals/eventstore/importer.hpp"
#include "annals/postgres/log_table.hpp"
#include "store_test.hpp"
#include "support/end_session.hpp"

using namespace annals;
using namespace annals::eventstore;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

class EventStoreAppend : public StoreTest {
 protected:
  /// The append waits for the head, which a transaction holds; then its session is ended from outside.
  Error error_of_lost_session(const std::function<void()>& append) {
    direct_.execute("BEGIN; UPDATE annals.streams SET version = version");
    postgres::Connection killer{temp_.superuser()};
    std::jthread later{[&] {
      while (killer
                 .query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "
                        "current_database() AND wait_event_type = 'Lock' AND application_name = 'annals'")
                 .bigint(0, 0) == 0) {
      }
    }};
    auto error = error_of(append);
    direct_.execute("ROLLBACK");
    return error;
  }
};

}  // namespace

TEST_F(EventStoreAppend, CountsVersionsFromOne) {
  EXPECT_EQ(version_of(store_.append(stream_, ExpectedVersion::no_stream(), {event("a"), event("b")})), 2);
  EXPECT_EQ(version_of(store_.append(stream_, exactly(2), {event("c")})), 3);
  const auto read = store_.read_stream(stream_);
  ASSERT_EQ(read.size(), 3U);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].version.value(), static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(read[i].stream, stream_);
  }
  EXPECT_LT(read[0].position, read[1].position);
  EXPECT_LT(read[1].position, read[2].position);
}

TEST_F(EventStoreAppend, RejectsStaleExpectedVersion) {
  (void)store_.append(stream_, ExpectedVersion::no_stream(), events(3));
  EXPECT_EQ(conflict_at(store_.append(stream_, exactly(2), {event("x")})), 3);
  EXPECT_EQ(conflict_at(store_.append(stream_, ExpectedVersion::no_stream(), {event("x")})), 3);
  EXPECT_EQ(count("events"), 3);
}

TEST_F(EventStoreAppend, RejectsAnExpectedVersionAboveTheHead) {
  EXPECT_EQ(conflict_at(store_.append(stream_, exactly(5), {event("x")})), 0);
  (void)store_.append(stream_, ExpectedVersion::any(), {event("a")});
  EXPECT_EQ(conflict_at(store_.append(stream_, exactly(2), {event("x")})), 1);
}

TEST_F(EventStoreAppend, KnowsAnyAndStreamExists) {
  EXPECT_EQ(conflict_at(store_.append(stream_, ExpectedVersion::stream_exists(), {event("x")})), 0);
  EXPECT_EQ(version_of(store_.append(stream_, ExpectedVersion::any(), {event("a")})), 1);
  EXPECT_EQ(version_of(store_.append(stream_, ExpectedVersion::any(), {event("b")})), 2);
  EXPECT_EQ(version_of(store_.append(stream_, ExpectedVersion::stream_exists(), {event("c")})), 3);
}

TEST_F(EventStoreAppend, DrawsNoPositionForALoser) {
  (void)store_.append(stream_, ExpectedVersion::any(), {event("a")});
  const auto before = sequence();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(conflict_at(store_.append(stream_, exactly(7), {event("x")})), 1);
  EXPECT_EQ(sequence(), before);
}

TEST_F(EventStoreAppend, IsIdempotentByIdsAndVersions) {
  const auto batch = events(3);
  const auto first = std::get<Appended>(store_.append(stream_, ExpectedVersion::no_stream(), batch));
  const auto again = std::get<Appended>(store_.append(stream_, ExpectedVersion::no_stream(), batch));
  EXPECT_FALSE(first.already_present);
  EXPECT_TRUE(again.already_present);
  EXPECT_EQ(again.version, first.version);
  EXPECT_EQ(again.position, first.position);
  (void)store_.append(stream_, exactly(3), {event("later")});
  EXPECT_TRUE(std::get<Appended>(store_.append(stream_, ExpectedVersion::no_stream(), batch)).already_present);
  EXPECT_EQ(count("events"), 4);
}

TEST_F(EventStoreAppend, TakesTheSameIdsWithOtherContentForAConflict) {
  auto batch = events(2);
  (void)store_.append(stream_, ExpectedVersion::no_stream(), batch);
  batch[1].data = "tampered";
  EXPECT_EQ(conflict_at(store_.append(stream_, ExpectedVersion::no_stream(), batch)), 2);
  EXPECT_EQ(conflict_at(store_.append(stream_, ExpectedVersion::no_stream(), {event("a"), event("b")})), 2);
  batch = events(3);  // longer than what is there
  EXPECT_EQ(conflict_at(store_.append(stream_, ExpectedVersion::no_stream(), batch)), 2);
}

TEST_F(EventStoreAppend, BecomesVisibleWithTheCallersCommit) {
  auto connection = pool_->acquire();
  pqxx::work tx{*connection};
  tx.exec("CREATE TEMP TABLE business (x int)");
  EXPECT_EQ(version_of(store_.append(tx, stream_, ExpectedVersion::no_stream(), {event("a")})), 1);
  EXPECT_EQ(store_.read_stream(tx, stream_).size(), 1U);
  EXPECT_TRUE(store_.read_stream(stream_).empty());
  EXPECT_FALSE(store_.head(stream_));
  tx.commit();
  EXPECT_EQ(store_.head(stream_), StreamVersion{1});
}

TEST_F(EventStoreAppend, GoesWithTheCallersRollback) {
  {
    auto connection = pool_->acquire();
    pqxx::work tx{*connection};
    EXPECT_EQ(version_of(store_.append(tx, stream_, ExpectedVersion::no_stream(), events(5))), 5);
  }
  EXPECT_EQ(count("events"), 0);
  EXPECT_EQ(count("streams"), 0);
  EXPECT_EQ(version_of(store_.append(stream_, ExpectedVersion::no_stream(), {event("a")})), 1);
}

TEST_F(EventStoreAppend, LeavesTheCallersTransactionUsableAfterAConflict) {
  (void)store_.append(stream_, ExpectedVersion::any(), {event("a")});
  postgres::transact(*pool_, [&](pqxx::work& tx) {
    EXPECT_EQ(conflict_at(store_.append(tx, stream_, ExpectedVersion::no_stream(), {event("b")})), 1);
    EXPECT_EQ(version_of(store_.append(tx, stream_, exactly(1), {event("b")})), 2);
  });
  EXPECT_EQ(store_.head(stream_), StreamVersion{2});
}

TEST_F(EventStoreAppend, RefusesATransactionThatIsNoLongerOpen) {
  auto connection = pool_->acquire();
  pqxx::work tx{*connection};
  EXPECT_THROW(tx.exec("SELECT nonsense"), pqxx::sql_error);  // swallowed, as a careless caller would
  EXPECT_THROW((void)store_.append(tx, stream_, ExpectedVersion::any(), {event("a")}), Error);
  EXPECT_FALSE(store_.head(stream_)) << "it was appended outside the transaction";
}

TEST_F(EventStoreAppend, AppendsTwiceInOneTransaction) {
  postgres::transact(*pool_, [&](pqxx::work& tx) {
    EXPECT_EQ(version_of(store_.append(tx, stream_, ExpectedVersion::no_stream(), {event("a")})), 1);
    EXPECT_EQ(version_of(store_.append(tx, stream_, exactly(1), {event("b")})), 2);
    EXPECT_EQ(version_of(store_.append(tx, StreamName{"other-1"}, ExpectedVersion::any(), {event("c")})), 1);
  });
  EXPECT_EQ(store_.read_stream(stream_).size(), 2U);
}

TEST_F(EventStoreAppend, AppendsAThousandInOrder) {
  const auto batch = events(1000);
  EXPECT_EQ(version_of(store_.append(stream_, ExpectedVersion::no_stream(), batch)), 1000);
  const auto read = store_.read_stream(stream_, {.limit = 2000});
  ASSERT_EQ(read.size(), batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    ASSERT_EQ(read[i].id, batch[i].id);
    ASSERT_EQ(read[i].data, batch[i].data);
    ASSERT_EQ(read[i].position.value(), read[0].position.value() + static_cast<std::int64_t>(i));
  }
}

TEST_F(EventStoreAppend, RefusesBadInputBeforeAnythingIsSent) {
  EXPECT_THAT(
      error_of([&] { (void)store_.append(stream_, ExpectedVersion::any(), std::span<const NewEvent>{}); }).what(),
      HasSubstr("nothing to append"));
  EXPECT_THAT(error_of([&] { (void)store_.append(stream_, ExpectedVersion::any(), events(10'001)); }).what(),
              HasSubstr("10001 events in one append"));
  EXPECT_THAT(error_of([&] { (void)store_.append(stream_, ExpectedVersion::any(), {event("")}); }).what(),
              HasSubstr("event type is empty"));
  EXPECT_EQ(count("streams"), 0);
}

TEST_F(EventStoreAppend, CountsAllBytesOfAnEventAgainstTheLimit) {
  auto large = event("t");
  large.metadata.headers.assign(limits::header_count_max, {"h", std::string(limits::header_value_bytes_max, 'v')});
  std::vector<NewEvent> many;
  for (std::size_t i = 0; i <= limits::append_bytes_max / byte_size(large); ++i) many.push_back(large);
  const auto error = error_of([&] { (void)store_.append(stream_, ExpectedVersion::any(), many); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_THAT(error.what(), HasSubstr("bytes of events in one append to \"order-1\""));
  many.pop_back();
  EXPECT_GT(version_of(store_.append(stream_, ExpectedVersion::any(), many)), 100);
}

TEST_F(EventStoreAppend, RefusesReservedHeadersByEveryWay) {
  auto bad = event("t");
  bad.metadata.headers = {{"Content-Type", "x"}};
  const auto refused = [&](const std::function<void(pqxx::work&)>& work) {
    const auto error = error_of([&] { postgres::transact(*pool_, work); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_THAT(error.what(), HasSubstr("header name \"Content-Type\" is reserved"));
  };
  refused([&](pqxx::work&) { (void)store_.append(stream_, ExpectedVersion::any(), {bad}); });
  refused([&](pqxx::work& tx) { (void)store_.append(tx, stream_, ExpectedVersion::any(), {bad}); });
  refused([&](pqxx::work&) {
    Importer{temp_.as("writer")}.add(std::vector<ImportedEvent>{{.stream = stream_, .event = bad}});
  });
  EXPECT_EQ(count("events"), 0);
}

TEST_F(EventStoreAppend, CannotBePreparedOnceItWokeAReader) {
  const auto append_and_prepare = [&](const std::string& name) {
    const auto connection = postgres::open_pqxx(temp_.database());
    pqxx::nontransaction tx{*connection};
    tx.exec("BEGIN");
    (void)version_of(store_.append(tx, stream_, ExpectedVersion::any(), {event("a")}));
    tx.exec("PREPARE TRANSACTION '" + name + "'");
  };
  const auto name = direct_.query("SELECT current_database()::text").text(0, 0);
  append_and_prepare(name);
  direct_.execute("COMMIT PREPARED '" + name + "'");
  EXPECT_EQ(store_.head(stream_), StreamVersion{1});
  direct_.execute("SELECT pg_advisory_lock(hashtextextended('" + postgres::bell_name("annals.events") +
                  "' COLLATE \"C\", 0))");
  try {
    append_and_prepare(name);
    ADD_FAILURE() << "a transaction with a NOTIFY was prepared";
  } catch (const pqxx::sql_error& error) {
    EXPECT_EQ(error.sqlstate(), "0A000") << error.what();
  }
  EXPECT_EQ(store_.head(stream_), StreamVersion{1}) << "it was rolled back";
}

TEST_F(EventStoreAppend, SaysThatTheSchemaIsMissing) {
  const tests::TempDatabase empty{tests::TempDatabase::Schema::none};
  const EventStore store{empty.database()};
  const auto error = error_of([&] { (void)store.append(stream_, ExpectedVersion::any(), {event("a")}); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.what(), HasSubstr("annals schema apply"));
}

TEST_F(EventStoreAppend, WorksInASchemaOfAnotherName) {
  auto database = temp_.database();
  database.schema = "ledger";
  const EventStore missing{database};
  EXPECT_EQ(error_of([&] { (void)missing.head(stream_); }).kind(), ErrorKind::not_ready);
}

TEST_F(EventStoreAppend, ReportsALostSessionAsInDoubt) {
  (void)store_.append(stream_, ExpectedVersion::any(), {event("a")});
  const auto batch = events(2);
  const auto error = error_of_lost_session([&] { (void)store_.append(stream_, exactly(1), batch); });
  EXPECT_EQ(error.kind(), ErrorKind::in_doubt) << error.what();
  EXPECT_FALSE(error.retryable());
  EXPECT_THAT(error.hint(), HasSubstr("make the same call again"));
  EXPECT_EQ(version_of(store_.append(stream_, exactly(1), batch)), 3);  // the same call decides it
}

// After any() the same call would append a second time if the first has happened.
TEST_F(EventStoreAppend, SaysThatOnlyIdsDecideWhatExpectedNoVersion) {
  (void)store_.append(stream_, ExpectedVersion::any(), {event("a")});
  const auto error = error_of_lost_session([&] { (void)store_.append(stream_, ExpectedVersion::any(), {event("b")}); });
  EXPECT_EQ(error.kind(), ErrorKind::in_doubt) << error.what();
  EXPECT_THAT(error.hint(), AllOf(HasSubstr("look for the events' ids"), Not(HasSubstr("same call"))));
}

// As on the standby that a primary has become: nothing happened, and another server may do it.
TEST_F(EventStoreAppend, SaysThatAReadOnlyServerAppendedNothing) {
  auto reader = temp_.superuser();
  reader.conninfo += "&options=-c%20default_transaction_read_only%3Don";
  const EventStore store{reader};
  const auto error = error_of([&] { (void)store.append(stream_, ExpectedVersion::any(), {event("a")}); });
  EXPECT_EQ(error.kind(), ErrorKind::disconnected) << error.what();
  EXPECT_TRUE(error.retryable());
  EXPECT_THAT(error.hint(), HasSubstr("connect to the primary"));
  EXPECT_EQ(count("events"), 0);
}

TEST_F(EventStoreAppend, NoticesThatTheServerEndedAnIdleSession) {
  (void)store_.append(stream_, ExpectedVersion::any(), {event("a")});
  const auto idle = direct_.query(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'annals' AND pid <> "
      "pg_backend_pid()");
  ASSERT_EQ(idle.rows(), 1);
  tests::end_session(direct_, idle.integer(0, 0));
  EXPECT_EQ(version_of(store_.append(stream_, exactly(1), {event("b")})), 2);
}
