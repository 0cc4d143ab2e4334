#include "annals/eventstore/log_check.hpp"

#include <limits>

#include "annals/eventstore/event_tail.hpp"
#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

using Fault = LogFinding::Fault;

class LogCheck : public StoreTest {
 protected:
  LogCheck() {
    (void)store_.append(stream_, ExpectedVersion::any(), events(3));
    (void)store_.append(StreamName{"other-1"}, ExpectedVersion::any(), events(2));
  }

  std::vector<Fault> faults() {
    std::vector<Fault> out;
    for (const auto& finding : check_log(doctor_, "annals")) out.push_back(finding.fault);
    return out;
  }
  LogFinding only_finding() {
    const auto findings = check_log(doctor_, "annals");
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? LogFinding{} : findings.front();
  }
  /// Runs the SQL that a remedy begins with.
  void follow(const std::string& remedy) { direct_.execute(remedy.substr(0, remedy.find(';'))); }
  /// As the tables' owner can, and a writer cannot.
  void insert(std::int64_t position, std::int64_t stream_id, std::int64_t version) {
    direct_.execute(
        "INSERT INTO annals.events (position, stream_id, version, event_id, content_type, type, data) "
        "OVERRIDING SYSTEM VALUE VALUES (" +
        std::to_string(position) + ", " + std::to_string(stream_id) + ", " + std::to_string(version) +
        ", gen_random_uuid(), 1, 't', 'stray')");
  }
  void insert_stray(std::int64_t stream_id, std::int64_t version) {
    direct_.execute("INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data) VALUES (" +
                    std::to_string(stream_id) + ", " + std::to_string(version) +
                    ", gen_random_uuid(), 1, 't', 'stray')");
  }
  postgres::Connection doctor_{temp_.as("doctor")};

  std::vector<std::string> all_data() {
    std::vector<std::string> out;
    store_.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
      out.push_back(event.data);
      return true;
    });
    return out;
  }
};

}  // namespace

TEST_F(LogCheck, FindsNothingInALogThatAppendsMade) {
  EXPECT_THAT(faults(), IsEmpty());
  const tests::TempDatabase fresh;
  postgres::Connection connection{fresh.as("doctor")};
  EXPECT_THAT(check_log(connection, "annals"), IsEmpty()) << "in an empty log";
}

TEST_F(LogCheck, FindsAPositionAboveTheSequenceAndItsRemedyWorks) {
  insert(9'000'000'000, 1, 4);
  direct_.execute("UPDATE annals.streams SET version = 4 WHERE stream_id = 1");
  const auto finding = only_finding();
  EXPECT_EQ(finding.fault, Fault::impossible_position);
  EXPECT_THAT(finding.what, HasSubstr("annals.events.position goes up to 9000000000"));
  follow(finding.remedy);
  EXPECT_THAT(faults(), IsEmpty()) << "at once, before anything is appended";
  EXPECT_EQ(version_of(store_.append(stream_, exactly(4), {event("t", "after")})), 5);
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(all_data().back(), "after");
}

TEST_F(LogCheck, FindsAPositionThatReadersNeverReach) {
  insert(-5, 1, 4);
  direct_.execute("UPDATE annals.streams SET version = 4 WHERE stream_id = 1");
  EXPECT_THAT(only_finding().what, HasSubstr("begins at -5"));
}

TEST_F(LogCheck, SaysSoWhenARoleMayNotAskTheSequence) {
  insert(9'000'000'000, 1, 4);
  direct_.execute("REVOKE SELECT ON annals.events_position_seq FROM annals_doctor");
  EXPECT_THAT(faults(), ElementsAre(Fault::not_compared, Fault::head_astray));
}

TEST_F(LogCheck, FindsAHeadThatWasMovedAndItsRemedyWorks) {
  direct_.execute("UPDATE annals.streams SET version = 7 WHERE name = 'order-1'");
  const auto finding = only_finding();
  EXPECT_EQ(finding.fault, Fault::head_astray);
  EXPECT_THAT(finding.what, HasSubstr("stream \"order-1\" (id 1): annals.streams.version is 7, its last event has 3"));
  follow(finding.remedy);
  EXPECT_THAT(faults(), IsEmpty());
  direct_.execute(
      "UPDATE annals.streams SET version = 2 WHERE name = 'order-1'");  // backwards: appends fail from now on
  EXPECT_THAT(only_finding().what, HasSubstr("its last event has 3"));
}

TEST_F(LogCheck, FindsTheGapThatAMovedHeadLeft) {
  direct_.execute("UPDATE annals.streams SET version = 7 WHERE name = 'order-1'");
  EXPECT_EQ(version_of(store_.append(stream_, exactly(7), {event("t")})), 8);
  EXPECT_THAT(only_finding().what, HasSubstr("4 of the 8 versions up to 8 are in annals.events"));
}

TEST_F(LogCheck, FindsATimeThatIsNoTime) {
  direct_.execute("ALTER DOMAIN annals.event_time DROP CONSTRAINT event_time_check");
  direct_.execute("ALTER TABLE annals.events DISABLE TRIGGER USER");
  direct_.execute("UPDATE annals.events SET occurred_at = 'infinity' WHERE position = 2");
  EXPECT_THAT(only_finding().what, HasSubstr("annals.events.occurred_at at position 2"));
  direct_.execute("UPDATE annals.events SET recorded_at = '-infinity', occurred_at = NULL WHERE position = 2");
  EXPECT_THAT(only_finding().what, HasSubstr("annals.events.recorded_at at position 2"));
}

TEST_F(LogCheck, ReadersNameTheEventOfAnUnknownStreamAndGoOnWhenItIsAdopted) {
  insert_stray(4711, 1);
  insert_stray(4711, 2);
  (void)store_.append(stream_, exactly(3), {event("t", "after")});
  EXPECT_THAT(faults(), ElementsAre(Fault::taken_stream_id, Fault::unknown_stream));
  EXPECT_THAT(check_log(doctor_, "annals").at(1).what,
              HasSubstr("annals.events.stream_id 4711 is no stream; 2 events from position 6 on"));

  GlobalPosition reached;
  std::size_t seen = 0;
  const auto error = error_of([&] {
    store_.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
      reached = event.position;
      ++seen;
      return true;
    });
  });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("annals.events: the event at position 6 has stream_id 4711"));
  EXPECT_EQ(seen, 5U) << "what comes before it is delivered";
  EventTail tail{temp_.database()};
  EXPECT_EQ(error_of([&] { (void)tail.read(reached, 100); }).kind(), ErrorKind::corrupt);

  const auto adopted = adopt_orphans(direct_, "annals");
  ASSERT_EQ(adopted.size(), 1U);
  EXPECT_EQ(adopted[0].stream_id, 4711);
  EXPECT_EQ(adopted[0].name.view(), "annals-orphan-4711");
  EXPECT_EQ(adopted[0].version, StreamVersion{2});
  EXPECT_EQ(tail.read(reached, 100).state(), EventTail::State::rows) << "the same reader goes on";
  EXPECT_EQ(all_data().back(), "after");
  EXPECT_EQ(all_data().size(), 8U);
  EXPECT_EQ(store_.read_stream(adopted[0].name).size(), 2U);
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_THAT(adopt_orphans(direct_, "annals"), IsEmpty());
}

TEST_F(LogCheck, AnOrphanGetsAnotherNameWhereItsNameIsTaken) {
  (void)store_.append(StreamName{"annals-orphan-4711"}, ExpectedVersion::any(), {event("t")});
  insert_stray(4711, 1);
  const auto adopted = adopt_orphans(direct_, "annals");
  ASSERT_EQ(adopted.size(), 1U);
  EXPECT_THAT(adopted[0].name.str(), testing::StartsWith("annals-orphan-4711-"));
}

/// A stream that is created would meet each of them.
TEST_F(LogCheck, StreamsAreCreatedBesideOrphansThatWereAdopted) {
  for (std::int64_t id = 3; id < 7; ++id) insert_stray(id, 1);
  const auto finding = check_log(doctor_, "annals").at(0);
  EXPECT_EQ(finding.fault, Fault::taken_stream_id);
  EXPECT_THAT(finding.what, HasSubstr("stream ids go up to 6, and the sequence has given out 2"));
  EXPECT_EQ(adopt_orphans(direct_, "annals").size(), 4U);
  EXPECT_THAT(faults(), IsEmpty());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(version_of(store_.append(StreamName{"new-" + std::to_string(i)}, exactly(0), {event("t")})), 1);
  }
  EXPECT_THAT(faults(), IsEmpty());
  direct_.execute("SELECT setval('annals.streams_stream_id_seq', 5000)");
  EXPECT_THAT(adopt_orphans(direct_, "annals"), IsEmpty());
  EXPECT_EQ(direct_.query("SELECT last_value FROM annals.streams_stream_id_seq").bigint(0, 0), 5000) << "never back";
}

TEST_F(LogCheck, FindsStreamsAboveTheSequenceAndItsRemedyWorks) {
  direct_.execute(
      "INSERT INTO annals.streams (stream_id, name, version) OVERRIDING SYSTEM VALUE VALUES (3, 'by hand', 1);"
      "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data) "
      "VALUES (3, 1, gen_random_uuid(), 1, 't', '')");
  const auto finding = only_finding();
  EXPECT_EQ(finding.fault, Fault::taken_stream_id);
  EXPECT_THAT(finding.remedy, HasSubstr("`annals stream adopt --yes`"));
  EXPECT_THAT(adopt_orphans(direct_, "annals"), IsEmpty());
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(version_of(store_.append(StreamName{"new"}, exactly(0), {event("t")})), 1);
}

/// Moved past such an id, the sequence would have none left.
TEST_F(LogCheck, TheSequenceOfStreamsIsNotSpentOnAnIdItNeverComesTo) {
  insert_stray(std::numeric_limits<std::int64_t>::max(), 1);
  EXPECT_EQ(only_finding().fault, Fault::unknown_stream);
  EXPECT_EQ(adopt_orphans(direct_, "annals").size(), 1U);
  EXPECT_THAT(faults(), IsEmpty());
  EXPECT_EQ(version_of(store_.append(StreamName{"new"}, exactly(0), {event("t")})), 1);
}

TEST_F(LogCheck, SaysSoWhenARoleMayNotAskTheSequenceOfStreams) {
  direct_.execute("REVOKE SELECT ON annals.streams_stream_id_seq FROM annals_doctor");
  EXPECT_THAT(only_finding().what, HasSubstr("no SELECT on the sequence annals.streams_stream_id_seq"));
}
