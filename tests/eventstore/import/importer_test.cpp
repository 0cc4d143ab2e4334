#include "annals/eventstore/importer.hpp"

#include <thread>

#include "annals/core/limits.hpp"
#include "import/chunk_pace.hpp"
#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;
using testing::HasSubstr;

namespace {

ImportedEvent imported(const std::string& stream, const std::string& data,
                       std::optional<std::int64_t> version = std::nullopt) {
  ImportedEvent out{.stream = StreamName{stream}, .event = event("t", data)};
  if (version) out.version = StreamVersion{*version};
  return out;
}

void wait_until_somebody_waits(postgres::Connection& observer) {
  while (observer
             .query("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = "
                    "current_database()")
             .bigint(0, 0) == 0) {
  }
}

class ImporterTest : public StoreTest {
 protected:
  /// One chunk of a run of its own.
  ImportReport import(const std::vector<ImportedEvent>& events) { return Importer{temp_.as("writer")}.add(events); }
  std::string log() {
    std::string order;
    store_.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
      order += event.stream.str() + std::to_string(event.version.value()) + event.data + " ";
      return true;
    });
    return order;
  }
};

}  // namespace

TEST_F(ImporterTest, KeepsTheOrderAcrossStreams) {
  const auto report = import({imported("b", "0"), imported("a", "1"), imported("b", "2"), imported("a", "3")});
  EXPECT_EQ(report.imported, 4U);
  EXPECT_EQ(report.streams_created, 2U);
  EXPECT_EQ(log(), "b10 a11 b22 a23 ");
}

TEST_F(ImporterTest, GoesOnBehindWhatIsThere) {
  (void)store_.append(StreamName{"a"}, ExpectedVersion::any(), events(2));
  const auto report = import({imported("a", "x"), imported("a", "y")});
  EXPECT_EQ(report.imported, 2U);
  EXPECT_EQ(report.streams_created, 0U);
  EXPECT_EQ(store_.head(StreamName{"a"}), StreamVersion{4});
}

TEST_F(ImporterTest, LeavesWhatIsThereAlready) {
  const std::vector<ImportedEvent> file{imported("a", "1", 1), imported("b", "1", 1), imported("a", "2", 2)};
  EXPECT_EQ(import(file).imported, 3U);
  auto longer = file;
  longer.push_back(imported("a", "3", 3));
  const auto report = import(longer);
  EXPECT_EQ(report.imported, 1U);
  EXPECT_EQ(report.already_present, 3U);
  EXPECT_EQ(count("events"), 4);
}

TEST_F(ImporterTest, LeavesWhatTheSameChunkHas) {
  const auto once = imported("a", "1", 1);
  const auto report = import({once, imported("a", "2", 2), once});
  EXPECT_EQ(report.imported, 2U);
  EXPECT_EQ(report.already_present, 1U);
  auto other = once;
  other.event.data = "other";
  EXPECT_EQ(error_of([&] { import({imported("b", "1", 1), imported("b", "2", 1)}); }).kind(), ErrorKind::refused);
}

TEST_F(ImporterTest, RefusesAVersionThatDoesNotFit) {
  EXPECT_THAT(error_of([&] { import({imported("a", "1", 2)}); }).what(), HasSubstr("wants version 2 of stream \"a\""));
  import({imported("a", "1", 1)});
  EXPECT_THAT(error_of([&] { import({imported("a", "other", 1)}); }).what(), HasSubstr("at version 1"));
  EXPECT_EQ(count("events"), 1);
  try {
    import({imported("a", "2", 2), imported("a", "4", 4)});
    ADD_FAILURE() << "nothing was refused";
  } catch (const ImportRefused& refused) {
    EXPECT_EQ(refused.index(), 1U);
  }
  EXPECT_EQ(count("events"), 1);
}

TEST_F(ImporterTest, RefusesOtherContentUnderAnIdThatIsThere) {
  auto line = imported("a", "amount 1", 1);
  import({line});
  line.event.data = "amount 2";
  EXPECT_EQ(error_of([&] { import({line}); }).kind(), ErrorKind::refused);
  line.version.reset();
  EXPECT_THAT(error_of([&] { import({line}); }).what(), HasSubstr("with another type or other data"));
  EXPECT_EQ(store_.read_stream(StreamName{"a"}).at(0).data, "amount 1");
}

TEST_F(ImporterTest, TakesAChunkWhollyOrNot) {
  auto bad = imported("b", "2");
  bad.event.type.clear();
  EXPECT_EQ(error_of([&] { import({imported("a", "1"), bad}); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(count("events"), 0);
  EXPECT_EQ(count("streams"), 0);
  Importer dry{temp_.as("writer"), {.dry_run = true}};
  EXPECT_EQ(error_of([&] { dry.add(std::vector<ImportedEvent>{bad}); }).kind(), ErrorKind::invalid);
}

// An import without versions that was cut off is made again from its start: nothing is there twice.
TEST_F(ImporterTest, GoesOnWhereAnEarlierRunEnded) {
  (void)store_.append(StreamName{"a"}, ExpectedVersion::any(), {event("t", "old")});
  const std::vector<ImportedEvent> first{imported("a", "1"), imported("b", "1"), imported("a", "2")};
  const std::vector<ImportedEvent> second{imported("b", "2"), imported("c", "1"), imported("a", "3")};
  const std::vector<ImportedEvent> third{imported("c", "2"), imported("a", "4")};
  {
    Importer importer{temp_.as("writer")};
    importer.add(first);
    importer.add(second);
  }
  const auto before = log();
  Importer importer{temp_.as("writer")};
  for (const auto* chunk : {&first, &second}) {
    const auto report = importer.add(*chunk);
    EXPECT_EQ(report.already_present, 3U);
    EXPECT_EQ(report.imported, 0U);
  }
  EXPECT_EQ(importer.add(third).imported, 2U);
  EXPECT_EQ(log(), before + "c22 a54 ");
}

// Chunks need not be cut where the earlier run cut them, and versions may be given for some.
TEST_F(ImporterTest, GoesOnInTheMiddleOfAChunk) {
  const std::vector<ImportedEvent> file{imported("a", "1"), imported("b", "1", 1), imported("a", "2"),
                                        imported("a", "3"), imported("b", "2"),    imported("c", "1")};
  import({file[0], file[1], file[2]});
  const auto report = import(file);
  EXPECT_EQ(report.already_present, 3U);
  EXPECT_EQ(report.imported, 3U);
  EXPECT_EQ(log(), "a11 b11 a22 a33 b22 c11 ");
}

// What others append between the chunks of a run stands between its events: that makes none of them new.
TEST_F(ImporterTest, GoesOnBehindWhatOthersAppendedMeanwhile) {
  const auto others = [&](const char* data) {
    (void)store_.append(StreamName{"a"}, ExpectedVersion::any(), {event("t", data)});
  };
  const std::vector<ImportedEvent> file{imported("a", "1"), imported("b", "1"), imported("a", "2"), imported("a", "3"),
                                        imported("b", "2"), imported("a", "4"), imported("a", "5")};
  {
    Importer early{temp_.as("writer")};
    early.add(std::span{file}.subspan(0, 2));
    others("x");
    early.add(std::span{file}.subspan(2, 1));
    others("y");
    others("z");
    early.add(std::span{file}.subspan(3, 3));
    others("w");
  }
  const auto before = log();
  Importer again{temp_.as("writer")};
  EXPECT_EQ(again.add(std::span{file}.subspan(0, 5)).already_present, 5U);
  const auto report = again.add(std::span{file}.subspan(5));
  EXPECT_EQ(report.already_present, 1U);
  EXPECT_EQ(report.imported, 1U);
  EXPECT_EQ(log(), before + "a95 ");
}

TEST_F(ImporterTest, GoesOnWhereSomeOfAStreamHaveVersions) {
  const std::vector<ImportedEvent> file{imported("a", "1"), imported("a", "2", 2), imported("a", "3"),
                                        imported("a", "4", 4), imported("a", "5")};
  import({file[0], file[1], file[2]});
  EXPECT_EQ(import(file).already_present, 3U);
  EXPECT_EQ(import(file).already_present, 5U);
  EXPECT_EQ(log(), "a11 a22 a33 a44 a55 ");
}

// An id that the file has twice is there twice, also when the run is made again.
TEST_F(ImporterTest, GoesOnBehindAnIdThatIsThereTwice) {
  const auto twice = imported("a", "1");
  const std::vector<ImportedEvent> file{twice, imported("a", "2"), twice, imported("a", "3")};
  import({file[0], file[1]});
  EXPECT_EQ(import(file).imported, 2U);
  EXPECT_EQ(import(file).already_present, 4U);
  EXPECT_EQ(log(), "a11 a22 a31 a43 ");
}

TEST_F(ImporterTest, WritesNothingWhenItIsDry) {
  import({imported("a", "1", 1)});
  const auto drawn = sequence();
  Importer dry{temp_.as("writer"), {.dry_run = true}};
  auto report = dry.add(std::vector<ImportedEvent>{imported("a", "2", 2), imported("b", "1", 1)});
  EXPECT_EQ(report.imported, 2U);
  EXPECT_EQ(report.streams_created, 1U);
  report = dry.add(std::vector<ImportedEvent>{imported("b", "2", 2), imported("a", "3", 3)});
  EXPECT_EQ(report.imported, 2U) << "behind what the first chunk would have added";
  EXPECT_EQ(report.streams_created, 0U);
  EXPECT_EQ(error_of([&] { dry.add(std::vector<ImportedEvent>{imported("b", "4", 4)}); }).kind(), ErrorKind::refused);
  EXPECT_EQ(count("events"), 1);
  EXPECT_EQ(count("streams"), 1);
  EXPECT_EQ(sequence(), drawn);
}

// Not even a row's lock: it looks where nobody may write, and nobody waits for it.
TEST_F(ImporterTest, WaitsForNobodyWhenItIsDry) {
  import({imported("a", "1", 1)});
  direct_.execute("BEGIN; UPDATE annals.streams SET version = version");
  auto reader = temp_.as("doctor");
  reader.conninfo += "&options=-c%20default_transaction_read_only%3Don";
  Importer dry{reader, {.dry_run = true}};
  EXPECT_EQ(dry.add(std::vector<ImportedEvent>{imported("a", "2", 2)}).imported, 1U);
  direct_.execute("ROLLBACK");
}

TEST_F(ImporterTest, RefusesMoreThanAChunkMayCarry) {
  auto large = imported("a", "");
  large.event.metadata.headers.assign(limits::header_count_max,
                                      {"h", std::string(limits::header_value_bytes_max, 'v')});
  const std::vector<ImportedEvent> many(limits::append_bytes_max / (limits::header_count_max * 8192) + 1, large);
  EXPECT_THAT(error_of([&] { import(many); }).what(), HasSubstr("bytes of events in one chunk of an import"));
  const std::vector<ImportedEvent> countless(Importer::chunk_events_max + 1, imported("a", ""));
  EXPECT_THAT(error_of([&] { import(countless); }).what(), HasSubstr("50001 events in one chunk of an import"));
}

TEST_F(ImporterTest, LooksAgainWhenAStreamAppearsMeanwhile) {
  auto connection = pool_->acquire();
  pqxx::work creator{*connection};
  (void)version_of(store_.append(creator, StreamName{"a"}, ExpectedVersion::no_stream(), {event("t", "theirs")}));
  Error last{ErrorKind::failed, ""};
  std::jthread importer{[&] { last = error_of([&] { import({imported("a", "ours", 1)}); }); }};
  wait_until_somebody_waits(direct_);
  creator.commit();
  importer.join();
  EXPECT_EQ(last.kind(), ErrorKind::refused) << "the first look could not know, the second does: " << last.what();
  EXPECT_EQ(log(), "a1theirs ");
}

TEST_F(ImporterTest, AppendsBehindAStreamThatAppearsMeanwhile) {
  auto connection = pool_->acquire();
  pqxx::work creator{*connection};
  (void)version_of(store_.append(creator, StreamName{"a"}, ExpectedVersion::no_stream(), {event("t", "theirs")}));
  ImportReport report;
  std::jthread importer{[&] { report = import({imported("a", "ours"), imported("b", "ours")}); }};
  wait_until_somebody_waits(direct_);
  creator.commit();
  importer.join();
  EXPECT_EQ(report.streams_created, 1U);
  EXPECT_EQ(log(), "a1theirs a2ours b1ours ");
}

// Two of the same file, each behind what it found, would both append what comes next.
TEST_F(ImporterTest, IsTheOnlyOneOfItsLog) {
  auto impatient = temp_.as("writer");
  impatient.lock_timeout = std::chrono::milliseconds{50};
  std::optional<Importer> first{impatient};
  first->add(std::vector<ImportedEvent>{imported("a", "1")});
  const auto refused = error_of([&] { Importer{impatient}; });
  EXPECT_EQ(refused.kind(), ErrorKind::overloaded);
  EXPECT_THAT(refused.what(), HasSubstr("another import into the log of schema annals is at work"));
  EXPECT_NO_THROW((Importer{impatient, {.dry_run = true}})) << "which writes nothing";
  first.reset();
  EXPECT_NO_THROW(Importer{temp_.as("writer")}.add(std::vector<ImportedEvent>{imported("a", "2")}));
}

TEST_F(ImporterTest, WakesWhoeverSleeps) {
  postgres::Connection listener{temp_.superuser()};
  listener.execute("LISTEN annals_annals_events");
  direct_.query("SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('annals:bell:annals.events', 0))");
  import({imported("a", "1")});
  EXPECT_EQ(listener.notifications(std::chrono::seconds{5}), 1);
}

// A chunk holds readers back until it ends, however many streams there are beside its own.
TEST_F(ImporterTest, NeverLooksAtAllStreams) {
  direct_.execute(
      "INSERT INTO annals.streams (name, version) SELECT 'other-' || n, 1 FROM generate_series(1, 5000) n;"
      "ANALYZE annals.streams");
  const auto statistic = [&](const std::string& name) {
    return direct_.query("SELECT pg_catalog.pg_stat_get_" + name + "('annals.streams'::regclass)").bigint(0, 0);
  };
  const auto scans = statistic("numscans");
  import({imported("other-7", "1"), imported("new", "2"), imported("other-8", "3")});
  while (statistic("tuples_inserted") <= 5000) std::this_thread::yield();  // told when the session has ended
  EXPECT_EQ(statistic("numscans"), scans);
}

// They were created in another order than that of their names.
TEST_F(ImporterTest, LocksStreamsThatAreThereInByteOrder) {
  for (const auto* name : {"a", "B"}) (void)store_.append(StreamName{name}, ExpectedVersion::any(), events(1));
  auto connection = pool_->acquire();
  pqxx::work tx{*connection};
  (void)version_of(store_.append(tx, StreamName{"B"}, ExpectedVersion::any(), events(1)));
  std::jthread import{[&] { this->import({imported("a", "1"), imported("B", "1")}); }};
  wait_until_somebody_waits(direct_);
  EXPECT_NO_THROW({
    (void)version_of(store_.append(tx, StreamName{"a"}, ExpectedVersion::any(), events(1)));
    tx.commit();
  }) << "a deadlock";
  import.join();
  EXPECT_EQ(direct_.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").bigint(0, 0), 0);
}

// A user who writes to several streams in byte order must not meet an import half-way: in English "a" comes before "B".
TEST(ImporterInEnglish, LocksNewStreamsInByteOrderToo) {
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
  std::jthread import{[&] {
    Importer{english.database()}.add(std::vector<ImportedEvent>{imported("a", "1"), imported("B", "1")});
  }};
  wait_until_somebody_waits(direct);
  EXPECT_NO_THROW({
    (void)version_of(store.append(tx, StreamName{"a"}, ExpectedVersion::no_stream(), {event("t")}));
    tx.commit();
  }) << "a deadlock";
  import.join();
  EXPECT_EQ(direct.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").bigint(0, 0), 0);
  EXPECT_EQ(store.head(StreamName{"a"}), StreamVersion{2});
  EXPECT_EQ(store.head(StreamName{"B"}), StreamVersion{2});
}

TEST(ChunkPaceTest, AimsAtAQuarterOfASecond) {
  using std::chrono::milliseconds;
  ChunkPace pace;
  const auto first = pace.events();
  pace.took(first, milliseconds{1});
  EXPECT_EQ(pace.events(), 2 * first) << "one step at a time";
  pace.took(4'000, milliseconds{500});
  EXPECT_EQ(pace.events(), 2'000U);
  pace.took(2'000, std::chrono::minutes{10});
  EXPECT_EQ(pace.events(), 100U) << "never nothing";
  for (int i = 0; i < 20; ++i) pace.took(pace.events(), milliseconds{0});
  EXPECT_EQ(pace.events(), Importer::chunk_events_max);
}
