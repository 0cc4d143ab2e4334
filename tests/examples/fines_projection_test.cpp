#include <gtest/gtest.h>

#include <sstream>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/transact.hpp"
#include "annals/projections/runner.hpp"
#include "fines/projection.hpp"
#include "fines/table.hpp"
#include "support/temp_database.hpp"

namespace fines {
namespace {

using annals::projections::Runner;
using State = annals::projections::StepReport::State;

class FinesProjection : public testing::Test {
 protected:
  FinesProjection() { database_.add_tables(table_schema()); }

  void append(const std::string& stream, const std::string& type, const std::string& json) {
    const annals::NewEvent event{.type = type, .data = json, .content_type = annals::ContentType::json};
    ASSERT_TRUE(std::holds_alternative<annals::eventstore::Appended>(
        store_.append(annals::StreamName{stream}, annals::ExpectedVersion::any(), {event})));
  }
  void project(std::size_t batch) {
    const auto projection = fines_projection();
    annals::projections::RunnerOptions options;
    options.batch_events_max = batch;
    Runner runner{database_.database(), projection, types_, clock_, options};
    while (runner.step(std::chrono::milliseconds{0}).state != State::idle) {
    }
  }
  [[nodiscard]] std::string csv() {
    const auto pool = annals::postgres::make_pqxx_pool(database_.database());
    std::ostringstream out;
    annals::postgres::transact(*pool, [&](pqxx::work& tx) { report(tx, out); });
    return out.str();
  }

  annals::tests::TempDatabase database_;
  annals::eventstore::EventStore store_{database_.database()};
  annals::TypeRegistry types_;
  annals::SystemClock clock_;
};

TEST_F(FinesProjection, IsTheSameWhateverTheBatch) {
  append("fine-1", "fines.v1.CreateFine", R"({"amount":"35.0"})");
  append("fine-2", "fines.v1.CreateFine", R"({"amount":"10.01"})");
  append("fine-1", "fines.v1.AddPenalty", R"({"amount":"70"})");
  append("fine-1", "fines.v1.Payment", R"({"paid":"30"})");
  append("other-1", "fines.v1.Payment", R"({"paid":"30"})");  // another category
  const auto* expected =
      "stream,events,amount,expense,paid,outstanding,last_type\n"
      "fine-1,3,70.00,0.00,30.00,40.00,fines.v1.Payment\n"
      "fine-2,1,10.01,0.00,0.00,10.01,fines.v1.CreateFine\n";
  project(1);
  EXPECT_EQ(csv(), expected);
  {
    const auto projection = fines_projection();
    Runner{database_.database(), projection, types_, clock_}.reset();
  }
  project(100);
  EXPECT_EQ(csv(), expected);
}

TEST_F(FinesProjection, StopsAtDataThatItCannotReadAndWritesNothingOfTheBatch) {
  append("fine-1", "fines.v1.CreateFine", R"({"amount":"35.0"})");
  append("fine-1", "fines.v1.Payment", R"({"paid":"a lot"})");
  EXPECT_THROW(project(100), annals::Error);
  EXPECT_EQ(csv(), "stream,events,amount,expense,paid,outstanding,last_type\n");
}

TEST_F(FinesProjection, PrintsNamesThatASpreadsheetDoesNotRun) {
  annals::postgres::Connection{database_.database()}.execute(
      "INSERT INTO public.fines VALUES ('=1+1', 1, 0, 0, 0, '@SUM(A1)'), ('fine-1', 1, 0, 0, 0, "
      "'=HYPERLINK(\"x\",1)')");
  EXPECT_EQ(csv(),
            "stream,events,amount,expense,paid,outstanding,last_type\n"
            "'=1+1,1,0.00,0.00,0.00,0.00,'@SUM(A1)\n"
            "fine-1,1,0.00,0.00,0.00,0.00,\"'=HYPERLINK(\"\"x\"\",1)\"\n");
}

}  // namespace
}  // namespace fines
