// A standby that lacks the latest transactions is promoted. Log, read model and checkpoint went back together, so a
// projection goes on there by itself, whatever the timeline: nothing of it was told to anybody outside.
#include <gtest/gtest.h>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/projections/runner.hpp"
#include "support/private_stack.hpp"
#include "support/replica.hpp"
#include "support/temp_database.hpp"
#include "totals.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;

class ProjectionPromotion : public ::testing::Test {
 protected:
  void pay(const postgres::Database& database, const std::string& customer, int count) {
    const eventstore::EventStore store{database};
    for (int i = 1; i <= count; ++i) {
      (void)store.append(StreamName{"fine-" + customer}, ExpectedVersion::any(), {types_.encode(Paid{customer, i})});
    }
  }
  void project(const postgres::Database& database) {
    SystemClock clock;
    const auto projection = row_by_row();
    projections::Runner runner{database, projection, types_, clock};
    while (runner.step(20ms).state != projections::StepReport::State::idle) {
    }
  }

  TypeRegistry types_ = make_types();
  PrivateStack server_{"postgres"};
  TempDatabase primary_{server_.address(), TempDatabase::Schema::applied};
  Replica replica_{server_.address()};
};

TEST_F(ProjectionPromotion, NeedsNobodyToGoOnWhereTheLatestIsLost) {
  const auto name = postgres::Connection{primary_.database()}.query("SELECT current_database()::text").text(0, 0);
  const auto promoted = replica_.database(primary_.database(), name);
  pay(primary_.database(), "kept", 5);
  project(primary_.database());
  replica_.catch_up(primary_.superuser());
  replica_.cut_off();
  pay(primary_.database(), "lost", 5);
  project(primary_.database());

  // Before the promotion nobody can write there, a projection no more than others.
  try {
    project(promoted);
    ADD_FAILURE() << "it wrote to a standby";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disconnected) << error.what();
  }

  replica_.promote();
  pay(promoted, "new", 3);  // at positions that the primary's projection had applied
  project(promoted);
  postgres::Connection connection{promoted};
  const auto model = read_model(connection, "rows");
  EXPECT_EQ(model, fold(eventstore::EventStore{promoted}, types_));
  EXPECT_EQ(model, (Totals{{"kept", {15, 5}}, {"new", {6, 3}}}));
}

}  // namespace
}  // namespace annals::tests
