// Messages that the write-ahead log alone has, from the command line: the switch, and what the doctor says of it.
#include "annals/core/clock.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "cli_test.hpp"
#include "outbox/recording_sink.hpp"
#include "support/server_version.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class EmissionCommand : public CliTest {
 protected:
  EmissionCommand() { skip_unless_mined(database_); }
  void publish() {
    RecordingSink sink;
    outbox::Relay relay{
        database_.as("wal_relay"), outbox::message_log("annals"), sink, clock_, {.read_from = outbox::ReadFrom::wal}};
    while (relay.step(std::chrono::milliseconds{20}).state != outbox::StepReport::State::idle) {
    }
  }
  [[nodiscard]] Finished as_operator(Arguments arguments) const {
    arguments.insert(arguments.begin(), {"--database", uri("operator")});
    return run(arguments);
  }
  std::string doctor() {
    const auto all = annals({"-o", "jsonl", "doctor"}).out;
    const auto at = all.find(R"({"check":"emission")");
    return at == std::string::npos ? std::string{} : all.substr(at, all.find('\n', at) - at);
  }
  SystemClock clock_;
};

/// And every hint is the way on.
TEST_F(EmissionCommand, IsSwitchedOnAndOffAndSaysWhatIsLostWithASlot) {
  EXPECT_EQ(output({"-o", "json", "outbox", "emission"}),
            "[\n{\"emission\":\"off\",\"slot\":null,\"slot_is\":null}\n]\n");
  EXPECT_THAT(doctor(), AllOf(HasSubstr(R"("ok")"), HasSubstr("off: every message")));
  EXPECT_THAT(as_operator({"outbox", "emission", "on"}).err, HasSubstr(R"(source = "wal")"));
  publish();
  EXPECT_NE(annals({"outbox", "emission", "on"}).code, 0) << "the doctor looks";
  EXPECT_THAT(as_operator({"-o", "json", "outbox", "emission", "on"}).out, HasSubstr(R"("slot_is":"there")"));
  EXPECT_THAT(doctor(), AllOf(HasSubstr(R"("ok")"), HasSubstr("lost with slot annals_outbox_relay")));
  connect().execute(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
  const auto missing = as_operator({"outbox", "emission"});
  EXPECT_EQ(missing.code, 5);
  EXPECT_THAT(missing.out, HasSubstr("missing"));
  EXPECT_THAT(doctor(), AllOf(HasSubstr(R"("fail")"), HasSubstr("annals outbox emission off --give-up")));
  EXPECT_EQ(as_operator({"outbox", "emission", "--give-up"}).code, 2);
  EXPECT_EQ(as_operator({"outbox", "emission", "off", "--give-up"}).code, 0);
  publish();
  EXPECT_EQ(as_operator({"outbox", "emission", "on"}).code, 0);
  EXPECT_THAT(as_operator({"outbox", "emission", "off"}).out, HasSubstr("off"));
}

}  // namespace
}  // namespace annals::tests
