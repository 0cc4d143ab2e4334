// A synchronous standby is not there, and an operator cancels every wait for it: each commit holds here, and nobody knows
// whether it outlives this server. Runner and inbox say so, and apply nothing twice.
#include <gmock/gmock.h>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/projections/runner.hpp"
#include "annals/testing/memory_source.hpp"
#include "projections/inbox/inbox_effects.hpp"
#include "projections/totals.hpp"
#include "support/impatient.hpp"
#include "support/private_stack.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class ProjectionInDoubt : public ::testing::Test {
 protected:
  ~ProjectionInDoubt() override { be_alone(); }  // or dropping the database would wait

  /// From now on every commit waits.
  void expect_a_standby() {
    direct_.execute("CREATE TABLE public.t (n int)");
    server_wide_.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    server_wide_.execute("SELECT pg_reload_conf()");
    const auto insert = [&] {
      direct_.query("INSERT INTO public.t VALUES (1)");
      return false;
    };
    ASSERT_THAT(errors_of(insert, 1), SizeIs(1));
  }
  void be_alone() {
    server_wide_.execute("ALTER SYSTEM RESET synchronous_standby_names");
    server_wide_.execute("SELECT pg_reload_conf()");
  }
  /// Runs it until it returns true, or has been in doubt so often; returns what was said each time.
  static std::vector<std::string> errors_of(const std::function<bool()>& work, std::size_t errors_max = 50) {
    std::vector<std::string> said;
    while (said.size() < errors_max) {
      try {
        if (work()) return said;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::in_doubt) << error.what();
        said.emplace_back(error.what());
      }
    }
    return said;
  }

  PrivateStack server_{"postgres"};
  TempDatabase temp_{server_.address(), TempDatabase::Schema::applied};
  postgres::Connection direct_{temp_.database()};
  postgres::Connection server_wide_{temp_.superuser()};
  Impatient impatient_{temp_.database()};
  eventstore::EventStore store_{temp_.database()};
};

TEST_F(ProjectionInDoubt, RunnerSaysSoAndAppliesEachEventOnce) {
  const auto types = make_types();
  for (int i = 1; i <= 10; ++i) {
    (void)store_.append(StreamName{"fine"}, ExpectedVersion::any(), {types.encode(Paid{"a", i})});
  }
  SystemClock clock;
  const auto projection = row_by_row();
  const auto step = [&](projections::Runner& runner) { return runner.step(20ms).state; };
  {
    projections::Runner runner{temp_.database(), projection, types, clock, {.batch_events_max = 3}};
    EXPECT_EQ(step(runner), projections::StepReport::State::running);
    expect_a_standby();
    EXPECT_THAT(errors_of([&] { return step(runner) == projections::StepReport::State::idle; }, 1), SizeIs(1));
    EXPECT_EQ(read_model(direct_, "rows"), (Totals{{"a", {6, 3}}})) << "the batch in doubt";
  }
  be_alone();
  projections::Runner next{temp_.database(), projection, types, clock};
  (void)errors_of([&] { return step(next) == projections::StepReport::State::idle; });
  EXPECT_EQ(read_model(direct_, "rows"), fold(store_, types));
}

TEST_F(ProjectionInDoubt, InboxSaysSoAndLetsEachMessageTakeEffectOnce) {
  direct_.execute(create_effects);
  testing::MemoryLog log;
  for (int i = 0; i < 12; ++i) log.append(incoming(std::to_string(i), "id-" + std::to_string(i)));
  const outbox::Outbox outbox{temp_.database()};
  const TypeRegistry types;
  expect_a_standby();
  const auto said = errors_of([&] {
    testing::MemorySource source{log};
    projections::Inbox inbox{
        temp_.database(), "payments", types, make_effects(store_, outbox), {.batch_messages_max = 5}};
    while (inbox.step(source, 0ms).received > 0) {
    }
    return true;
  });
  EXPECT_GE(said.size(), 4U) << "a batch each, and where the consumer begins";
  EXPECT_THAT(said, Contains(HasSubstr("inbox \"payments\": record offsets")));
  EXPECT_THAT(payloads(direct_, effect_rows), SizeIs(12));
  EXPECT_THAT(payloads(direct_, "SELECT DISTINCT payload FROM public.effects"), SizeIs(12));
}

}  // namespace
}  // namespace annals::tests
