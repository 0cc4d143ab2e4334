// What is said about a checkpoint that a relay would halt on, and that doing it loses nothing.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "annals/outbox/progress/examination.hpp"
#include "exactly_once_base.hpp"

namespace annals::tests {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string adopt(int position) {
  return fmt::format("annals relay adopt relay --log outbox --position {} --yes", position);
}

class Examination : public ExactlyOnceBase {
 protected:
  outbox::CheckpointExamination examine(const outbox::ReadRecord& read_record = {}) {
    postgres::Connection connection{database_.as("operator")};
    return outbox::examine_checkpoint(connection, log_, "relay", read_record);
  }
  /// With what the broker has.
  outbox::CheckpointExamination examine_all() {
    return examine([this](const std::string& id) { return kafka::read_checkpoint_record(options(), id); });
  }
  static std::vector<std::string> commands(const outbox::CheckpointExamination& examination) {
    std::vector<std::string> out;
    for (const auto& choice : examination.choices) {
      if (!choice.command.empty()) out.push_back(choice.command);
    }
    return out;
  }
  static std::vector<std::string> differences(const outbox::CheckpointExamination& examination) {
    std::vector<std::string> out;
    for (const auto& finding : examination.findings) {
      if (!finding.agrees) out.push_back(finding.about);
    }
    return out;
  }
  static std::string detail(const outbox::CheckpointExamination& examination, const std::string& about) {
    for (const auto& finding : examination.findings) {
      if (finding.about == about) return finding.detail;
    }
    return {};
  }
  void adopt_at(std::int64_t position) {
    postgres::Connection connection{database_.as("operator")};
    (void)outbox::adopt_checkpoint(connection, log_, {.position = position});
  }
  /// As in a database that was restored to the moment when `left` messages were there, and has been written to since.
  void restore_to(int left, int written_since) {
    execute(fmt::format(
        "UPDATE annals.relay_checkpoints SET cursor = NULL, position = {0}, message_id = (SELECT message_id FROM "
        "annals.outbox WHERE position = {0}), timeline = '1'",
        left));
    execute(
        fmt::format("SET session_replication_role = replica; ALTER TABLE annals.outbox DISABLE TRIGGER USER;"
                    "DELETE FROM annals.outbox WHERE position > {0};"
                    "ALTER TABLE annals.outbox ENABLE ALWAYS TRIGGER outbox_append_only;"
                    "ALTER TABLE annals.outbox ENABLE ALWAYS TRIGGER outbox_append_only_row;"
                    "ALTER TABLE annals.outbox ALTER COLUMN position RESTART WITH {1}",
                    left, left + 1));
    enqueue(1'000, written_since);
  }
};

TEST_F(Examination, FindsNothingWhereARelayWouldGoOn) {
  enqueue(0, 10);
  publish_at_least_once();
  const auto found = examine();
  EXPECT_TRUE(found.agrees());
  EXPECT_THAT(differences(found), IsEmpty());
  EXPECT_THAT(detail(found, "message"), HasSubstr("from position 10, where it is; outbox ends at 10"));
  EXPECT_THAT(error_of([&] {
                postgres::Connection connection{database_.as("operator")};
                (void)outbox::examine_checkpoint(connection, log_, "nobody");
              }).what(),
              HasSubstr("no checkpoint"));
}

TEST_F(Examination, SaysWhatAnotherTimelineMeans) {
  enqueue(0, 10);
  publish_at_least_once();
  execute("UPDATE annals.relay_checkpoints SET timeline = '77'");
  const auto found = examine();
  EXPECT_THAT(differences(found), ElementsAre("timeline"));
  EXPECT_THAT(found.choices.back().effect, HasSubstr("may be published again"));
  EXPECT_THAT(commands(found), ElementsAre(adopt(10)));
}

TEST_F(Examination, OffersTheRightDatabaseFirst) {
  enqueue(0, 10);
  publish_at_least_once();
  execute("UPDATE annals.relay_checkpoints SET system_identifier = '4711'");
  const auto found = examine();
  EXPECT_THAT(differences(found), ElementsAre("cluster"));
  EXPECT_THAT(found.choices.front().effect, HasSubstr("another database"));
  EXPECT_THAT(commands(found), ElementsAre(adopt(10)));
}

TEST_F(Examination, AsksTheBrokerWhereItHasTheSay) {
  enqueue(0, 10);
  publish_exactly_once();
  restore_to(10, 0);
  execute(
      "UPDATE annals.relay_checkpoints SET cursor = NULL, position = 3,"
      " message_id = (SELECT message_id FROM annals.outbox WHERE position = 3)");
  EXPECT_THAT(detail(examine(), "broker"), HasSubstr("was not asked"));
  const auto found = examine_all();
  EXPECT_TRUE(found.agrees());
  EXPECT_THAT(detail(found, "broker"), HasSubstr("is at 10, the row at 3"));
}

// A relay that is in the middle of a transaction is looked at all the same, and loses nothing by it.
TEST_F(Examination, DisturbsNoRelay) {
  enqueue(0, 10);
  kafka::KafkaTransactionalSink sink{options()};
  outbox::Relay relay{database_.as("relay"), log_, sink, clock_, {.at_point = [&](std::string_view at) {
                        if (at == "checkpoint") {
                          EXPECT_TRUE(examine_all().agrees());
                        }
                      }}};
  run_until_idle(relay);
  EXPECT_TRUE(relay.drain(5s));
  EXPECT_THAT(visible(), ElementsAreArray(numbers(0, 10)));
}

TEST_F(Examination, SaysThatTheBrokerHasLostTheRecord) {
  enqueue(0, 10);
  publish_exactly_once();
  const auto before = read_all(checkpoints_).back();
  enqueue(10, 10);
  publish_exactly_once();
  const auto kept = checkpoints_;
  checkpoints_ = unique_topic("not-there");
  const auto lost = examine_all();
  EXPECT_THAT(differences(lost), ElementsAre("broker"));
  EXPECT_THAT(lost.choices.front().effect, HasSubstr("other brokers"));
  EXPECT_THAT(commands(lost), ElementsAre(adopt(20)));
  checkpoints_ = kept;
  write_records(checkpoints_, {before});
  const auto behind = examine_all();
  EXPECT_THAT(detail(behind, "broker"), HasSubstr("behind the row, which is at 20"));
  EXPECT_THAT(commands(behind), ElementsAre(adopt(20)));
}

// The broker knows that 10 were published. The database has 6 of them, and 5 others at their positions. Whoever went on after
// 10, or after the last row below it, would lose four of those.
TEST_F(Examination, OffersNoPlaceThatLosesWhatWasWrittenSinceARestore) {
  enqueue(0, 10);
  publish_exactly_once();
  restore_to(6, 5);
  EXPECT_EQ(refusal().kind(), ErrorKind::corrupt);
  const auto found = examine_all();
  EXPECT_THAT(differences(found), Contains("message"));
  EXPECT_THAT(detail(found, "message"), HasSubstr("where it is not; outbox ends at 11"));
  ASSERT_THAT(commands(found), ElementsAre(adopt(6)));
  adopt_at(6);
  publish_exactly_once();
  auto expected = numbers(0, 10);
  for (const auto& since : numbers(1'000, 5)) expected.push_back(since);
  EXPECT_THAT(visible(), ElementsAreArray(expected));
  EXPECT_TRUE(examine_all().agrees());
}

TEST_F(Examination, OffersTheBeginningWhereNoPlaceIsKnown) {
  enqueue(0, 10);
  publish_at_least_once();
  restore_to(6, 5);
  execute("UPDATE annals.relay_checkpoints SET cursor = NULL, position = 9, message_id = gen_random_uuid()");
  EXPECT_THAT(commands(examine()), ElementsAre(adopt(0)));
}

}  // namespace
}  // namespace annals::tests
