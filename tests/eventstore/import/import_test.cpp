#include <thread>

#include "annals/core/limits.hpp"
#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;
using testing::HasSubstr;

namespace {

class EventStoreImport : public StoreTest {
 protected:
  ImportReport import(const std::vector<ImportedEvent>& events) {
    return postgres::transact(*pool_, [&](pqxx::work& tx) { return store_.import(tx, events); });
  }
  static ImportedEvent imported(const std::string& stream, const std::string& data,
                                std::optional<std::int64_t> version = std::nullopt) {
    ImportedEvent out{.stream = StreamName{stream}, .event = event("t", data)};
    if (version) out.version = StreamVersion{*version};
    return out;
  }
};

}  // namespace

TEST_F(EventStoreImport, KeepsTheOrderAcrossStreams) {
  const auto report = import({imported("b", "0"), imported("a", "1"), imported("b", "2"), imported("a", "3")});
  EXPECT_EQ(report.imported, 4U);
  std::string order;
  store_.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
    order += event.stream.str() + std::to_string(event.version.value()) + event.data + " ";
    return true;
  });
  EXPECT_EQ(order, "b10 a11 b22 a23 ");
}

TEST_F(EventStoreImport, GoesOnBehindWhatIsThere) {
  (void)store_.append(StreamName{"a"}, ExpectedVersion::any(), events(2));
  EXPECT_EQ(import({imported("a", "x"), imported("a", "y")}).imported, 2U);
  EXPECT_EQ(store_.head(StreamName{"a"}), StreamVersion{4});
}

TEST_F(EventStoreImport, LeavesWhatIsThereAlready) {
  const std::vector<ImportedEvent> file{imported("a", "1", 1), imported("b", "1", 1), imported("a", "2", 2)};
  EXPECT_EQ(import(file).imported, 3U);
  auto longer = file;
  longer.push_back(imported("a", "3", 3));
  const auto report = import(longer);
  EXPECT_EQ(report.imported, 1U);
  EXPECT_EQ(report.already_present, 3U);
  EXPECT_EQ(count("events"), 4);
}

TEST_F(EventStoreImport, RefusesAVersionThatDoesNotFit) {
  EXPECT_THAT(error_of([&] { import({imported("a", "1", 2)}); }).what(), HasSubstr("wants version 2 of stream \"a\""));
  import({imported("a", "1", 1)});
  EXPECT_THAT(error_of([&] { import({imported("a", "other", 1)}); }).what(), HasSubstr("at version 1"));
  EXPECT_EQ(count("events"), 1);
}

TEST_F(EventStoreImport, RefusesOtherContentUnderAnIdThatIsThere) {
  auto line = imported("a", "amount 1", 1);
  import({line});
  line.event.data = "amount 2";
  EXPECT_EQ(error_of([&] { import({line}); }).kind(), ErrorKind::refused);
  EXPECT_EQ(store_.read_stream(StreamName{"a"}).at(0).data, "amount 1");
}

TEST_F(EventStoreImport, IsAllOrNothing) {
  auto bad = imported("b", "2");
  bad.event.type.clear();
  EXPECT_EQ(error_of([&] { import({imported("a", "1"), bad}); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(count("events"), 0);
}

TEST_F(EventStoreImport, CountsEachStreamOfATransactionOnce) {
  (void)store_.append(StreamName{"a"}, ExpectedVersion::any(), events(2));
  (void)store_.append(StreamName{"untouched"}, ExpectedVersion::any(), events(1));
  postgres::transact(*pool_, [&](pqxx::work& tx) {
    const auto streams = [&](const std::vector<ImportedEvent>& file) { return store_.import(tx, file).streams; };
    EXPECT_EQ(streams({imported("a", "1"), imported("b", "1"), imported("a", "2")}), 2U);
    EXPECT_EQ(streams({imported("a", "3"), imported("b", "2"), imported("c", "1")}), 1U);
    auto there = imported("d", "1", 1);
    EXPECT_EQ(streams({there}), 1U);
    EXPECT_EQ(streams({there}), 0U) << "it is there already";
  });
  EXPECT_EQ(import({imported("a", "4")}).streams, 1U) << "by another transaction";
}

TEST_F(EventStoreImport, RefusesMoreThanOneStatementMayCarry) {
  auto large = imported("a", "");
  large.event.metadata.headers.assign(limits::header_count_max,
                                      {"h", std::string(limits::header_value_bytes_max, 'v')});
  const std::vector<ImportedEvent> many(limits::append_bytes_max / (limits::header_count_max * 8192) + 1, large);
  EXPECT_THAT(error_of([&] { import(many); }).what(), HasSubstr("bytes of events in one import"));
  const std::vector<ImportedEvent> countless(limits::append_events_max + 1, imported("a", ""));
  EXPECT_THAT(error_of([&] { import(countless); }).what(), HasSubstr("10001 events in one import"));
}

TEST_F(EventStoreImport, IsToBeMadeAgainWhenAStreamAppearsMeanwhile) {
  auto connection = pool_->acquire();
  pqxx::work creator{*connection};
  (void)version_of(store_.append(creator, StreamName{"a"}, ExpectedVersion::no_stream(), {event("t", "theirs")}));
  int attempts = 0;
  Error last{ErrorKind::failed, ""};
  std::jthread importer{[&] {
    last = error_of([&] {
      postgres::transact(*pool_, [&](pqxx::work& tx) {
        ++attempts;
        (void)store_.import(tx, std::vector<ImportedEvent>{imported("a", "ours", 1)});
      });
    });
  }};
  while (direct_
             .query("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = "
                    "current_database()")
             .bigint(0, 0) == 0) {
  }
  creator.commit();
  importer.join();
  EXPECT_EQ(attempts, 2) << "the first could not know; the second does";
  EXPECT_EQ(last.kind(), ErrorKind::refused) << last.what();
  EXPECT_EQ(count("events"), 1);
}

// A user who writes to several streams in byte order must not meet an import half-way: in English "a" comes before "B".
TEST(EventStoreImportInEnglish, LocksNewStreamsInByteOrderToo) {
  const auto uri = tests::required_env("ANNALS_DATABASE");
  if (postgres::Connection{{.conninfo = uri}}.server_version() < 150000) {
    GTEST_SKIP() << "a database with an ICU collation came with PostgreSQL 15";
  }
  const tests::TempDatabase english{uri, tests::TempDatabase::Schema::applied,
                                    "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"};
  postgres::Connection direct{english.database()};
  ASSERT_TRUE(direct.query("SELECT 'a' < 'B'").boolean(0, 0));
  const EventStore store{english.database()};
  const auto pool = postgres::make_pqxx_pool(english.database(), {.size = 2});
  auto connection = pool->acquire();
  pqxx::work tx{*connection};
  (void)version_of(store.append(tx, StreamName{"B"}, ExpectedVersion::no_stream(), {event("t")}));
  int attempts = 0;  // one that met a deadlock would be made again
  std::jthread import{[&] {
    postgres::transact(*pool, [&](pqxx::work& theirs) {
      ++attempts;
      (void)store.import(theirs, std::vector<ImportedEvent>{{.stream = StreamName{"a"}, .event = event("t")},
                                                            {.stream = StreamName{"B"}, .event = event("t")}});
    });
  }};
  while (direct
             .query("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = "
                    "current_database()")
             .bigint(0, 0) == 0) {
  }
  EXPECT_NO_THROW({
    (void)version_of(store.append(tx, StreamName{"a"}, ExpectedVersion::no_stream(), {event("t")}));
    tx.commit();
  });
  import.join();
  EXPECT_EQ(attempts, 1);
  EXPECT_EQ(store.head(StreamName{"a"}), StreamVersion{2});
  EXPECT_EQ(store.head(StreamName{"B"}), StreamVersion{2});
}
