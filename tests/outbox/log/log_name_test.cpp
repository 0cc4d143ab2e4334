#include "log/log_name.hpp"

#include <gtest/gtest.h>

#include "annals/outbox/message_log.hpp"

namespace annals::outbox {
namespace {

const EventId id = *EventId::parse("0192f3a0-0000-7000-8000-000000000001");

TEST(LogCommands, NameTheSchemaOnlyWhereTheProgramWouldTakeAnother) {
  const auto usual = name_of(message_log("annals"));
  EXPECT_EQ(repair_command("shop", usual), "annals relay repair shop --log outbox");
  EXPECT_EQ(adopt_command("shop", usual, 5), "annals relay adopt shop --log outbox --position 5 --yes");
  EXPECT_EQ(skip_command("shop", usual, 5, id),
            "annals relay skip shop --log outbox --position 5 --id 0192f3a0-0000-7000-8000-000000000001 --reason WHY");
  const auto other = name_of(message_log("other"));
  EXPECT_EQ(adopt_command("shop", other, 5), "annals relay adopt shop --log outbox --position 5 --schema other --yes");
  EXPECT_EQ(skip_command("shop", other, 5, id),
            "annals relay skip shop --log outbox --position 5 --id 0192f3a0-0000-7000-8000-000000000001 --schema other "
            "--reason WHY");
}

TEST(LogCommands, AreOneWordEachToAShell) {
  EXPECT_EQ(adopt_command("x; reboot", LogName{"outbox", "$(id)"}, 0),
            "annals relay adopt 'x; reboot' --log outbox --position 0 --schema '$(id)' --yes");
}

}  // namespace
}  // namespace annals::outbox
