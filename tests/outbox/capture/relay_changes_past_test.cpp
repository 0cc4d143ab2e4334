// What is in a slot is from before: the table may be called otherwise now, its publication may be another, the database may have been
// failed over. Nothing of it is left out in silence, or told as what it was not.
#include <gmock/gmock.h>

#include "annals/outbox/progress/examination.hpp"
#include "annals/outbox/status.hpp"
#include "capture/change_origin.hpp"
#include "capture/relay_changes_base.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RelayChangesPast : public RelayChangesBase, public ::testing::WithParamInterface<Way> {
 protected:
  RelayChangesPast() { way_ = GetParam(); }
};

/// Who mends the name in the capture, as he is told, has what changed under the names before, too.
TEST_P(RelayChangesPast, HasATableUnderTheNamesThatItHad) {
  make_orders("id bigint PRIMARY KEY, state text, secret text", "ALTER TABLE orders REPLICA IDENTITY FULL");
  execute("INSERT INTO orders VALUES (1, 'a', ''); ALTER TABLE orders RENAME TO later");
  execute("INSERT INTO later VALUES (2, 'a', ''); CREATE SCHEMA shop; ALTER TABLE later SET SCHEMA shop");
  execute("UPDATE shop.later SET state = 'b' WHERE id = 2; ALTER TABLE shop.later RENAME TO archive");
  execute("INSERT INTO shop.archive VALUES (3, 'a', '')");
  EXPECT_THAT(error_of({captured()})->message(), HasSubstr("there is no table public.orders"));
  const auto messages = run_once({{.table = "shop.*", .topic = "cdc.{table}"}});
  EXPECT_THAT(keys(messages), ElementsAre("1", "2", "2", "3"));
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0].topic, "cdc.orders") << "as if it had been told in time";
  EXPECT_EQ(messages[3].topic, "cdc.archive");
}

/// PostgreSQL reads a change with the publications that there were when it was made, and gives it to nobody when there was none.
TEST_P(RelayChangesPast, IsRefusedWhenThePublicationWasNotThere) {
  make_orders();
  execute("DROP PUBLICATION annals_changes");
  execute("INSERT INTO orders VALUES (2, 'a', '')");
  execute("CREATE PUBLICATION annals_changes FOR TABLE orders");
  const auto error = error_of({captured()});
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::corrupt) << "it is of no use to try again";
  EXPECT_THAT(error->message(), HasSubstr("while there was no publication \"annals_changes\" cannot be read"));
  begin_anew(*error);
}

/// The server tells a row before with the columns of the replica identity, and NULLs.
TEST_P(RelayChangesPast, IsNoInsertWhereAnotherColumnWasTheKey) {
  make_orders();
  auto capture = captured();
  capture.key = {"state"};
  capture.operations = {.inserts = true, .updates = false, .deletes = false, .truncates = false};
  execute("INSERT INTO orders VALUES (1, 'a', ''); UPDATE orders SET id = 2; UPDATE orders SET state = 'b'");
  EXPECT_THAT(types(run_once({capture})), ElementsAre("orders.inserted"));
}

INSTANTIATE_TEST_SUITE_P(Ways, RelayChangesPast, ::testing::Values(Way::streamed, Way::mined), [](const auto& way) {
  return std::string{way.param == Way::streamed ? "streamed" : "mined"};
});

class ChangesOrigin : public RelayChangesBase {};

/// A slot that the relay made here would begin after what was not published.
TEST_F(ChangesOrigin, MakesNoSlotOnAnotherTimeline) {
  postgres::Connection session{database_.as("wal_relay")};
  const auto here = postgres::read_cluster_identity(session);
  outbox::ChangeOrigin origin{session, log_, "relay", here.timeline};
  (void)origin.first({});
  auto cursor = outbox::WalCursor::decode(origin.first({}));
  cursor.cluster.timeline = "77";
  cursor.place.flush.value += 1'000'000;
  const auto begin = [&] { return origin.begin(cursor.encode()).place.flush; };
  EXPECT_LT(begin(), cursor.place.flush) << "where the slot was failed over, from its mark on";
  const auto slots = [&] {
    return scalar("SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" + origin.slot() + "'");
  };
  execute("SELECT pg_drop_replication_slot('" + origin.slot() + "')");
  for (int i = 0; i < 2; ++i) {
    const auto error = tests::error_of([&] { (void)begin(); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("timeline 77"), HasSubstr("did not come along")));
    EXPECT_THAT(error.hint(), AllOf(HasSubstr("annals relay forget relay --log changes"),
                                    Not(HasSubstr("pg_drop_replication_slot"))));
    EXPECT_EQ(slots(), "0");
  }
}

TEST_F(ChangesOrigin, IsExaminedAndNoChoiceNeedsATable) {
  make_orders();
  postgres::Connection operate{database_.as("operator")};
  const auto commands = [&] {
    std::vector<std::string> all;
    for (const auto& choice : outbox::examine_checkpoint(operate, log_, "relay").choices) all.push_back(choice.command);
    return all;
  };
  const std::string forget = "annals relay forget relay --log changes --yes";
  EXPECT_THAT(commands(), IsEmpty());
  execute(
      "UPDATE annals.relay_checkpoints SET cursor = replace(cursor, system_identifier || ' ' || timeline, "
      "system_identifier || ' 77')");
  EXPECT_THAT(commands(), ElementsAre("", forget)) << "the slot was failed over, or not";
  execute("UPDATE annals.relay_checkpoints SET cursor = replace(cursor, system_identifier, '1')");
  EXPECT_THAT(commands(), ElementsAre("", forget)) << "the other database is the right one, or this";
  execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
  outbox::forget_checkpoint(operate, log_, "relay");
  EXPECT_THAT(run_once({captured()}), IsEmpty());
}

}  // namespace
}  // namespace annals::tests
