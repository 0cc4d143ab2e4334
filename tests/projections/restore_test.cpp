// A database is dumped and restored into another cluster, read models and all. Its projections refuse to go on there until
// an operator has said that this is the same history: by the very command that the refusal shows.
#include <cstdlib>
#include <filesystem>

#include "runner_test_base.hpp"
#include "support/private_stack.hpp"
#include "support/server_version.hpp"

namespace annals::tests {
namespace {

using ::testing::HasSubstr;

class ProjectionRestore : public RunnerTestBase {
 protected:
  ProjectionRestore() {
    skip_unless_dumped(database_);
    if (IsSkipped()) return;
    pay_at_random(100, 21);
    for (const auto* projection : {&rows_, &late_}) {
      auto worker = runner(*projection);
      run_until_idle(worker);
      pay_at_random(10, 22);  // for the next one, and for whoever goes on
    }
    const auto copy = fmt::format("pg_dump '{}' | psql -X -q -v ON_ERROR_STOP=1 '{}' >/dev/null",
                                  database_.superuser().conninfo, restored_.superuser().conninfo);
    EXPECT_EQ(std::system(("bash -o pipefail -c \"" + copy + "\"").c_str()), 0);
  }

  projections::Runner restored_runner(const projections::Projection& projection) {
    return {restored_.database(), projection, types_, clock_, {.standby_poll = 5ms}};
  }
  /// Runs a command of a hint as a person would who pastes it: returns its exit status.
  int paste(const std::string& command) const {
    const auto folder = std::filesystem::path{ANNALS_PROGRAM}.parent_path().string();
    ::setenv("ANNALS_DATABASE", restored_.uri("operator").c_str(), 1);
    const int status = std::system(("PATH='" + folder + "':\"$PATH\"; " + command + " >/dev/null").c_str());
    return WEXITSTATUS(status);
  }
  static std::string command_in(const std::string& hint, const std::string& beginning) {
    const auto begin = hint.find('`' + beginning) + 1;
    return hint.substr(begin, hint.find('`', begin) - begin);
  }

  projections::Projection rows_ = row_by_row();
  projections::Projection late_ = row_by_row("late");
  PrivateStack server_{"postgres"};
  TempDatabase restored_{server_.address(), TempDatabase::Schema::none};
};

TEST_F(ProjectionRestore, GoesOnAfterTheCommandOfTheHint) {
  postgres::Connection connection{restored_.database()};
  const eventstore::EventStore store{restored_.database()};
  const auto before = read_model(connection, "rows");
  ASSERT_FALSE(before.empty());
  auto worker = restored_runner(rows_);
  const auto error = error_of([&] { run_until_idle(worker); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("was made in cluster"));
  EXPECT_EQ(read_model(connection, "rows"), before);

  EXPECT_EQ(paste(command_in(error.hint(), "annals projection adopt")), 0);
  std::size_t applied = 0;
  step_until(worker, [&](const auto& report) {
    applied += report.applied;
    return report.state == State::idle;
  });
  EXPECT_GE(applied, 20U) << "what came after the checkpoint";
  EXPECT_LT(applied, 100U) << "and not everything again";
  (void)store.append(StreamName{"after"}, ExpectedVersion::any(), {paid("z", 7)});
  run_until_idle(worker);
  EXPECT_EQ(read_model(connection, "rows"), fold(store, types_));
}

TEST_F(ProjectionRestore, IsRebuiltByTheOtherCommandOfTheHint) {
  postgres::Connection connection{restored_.superuser()};
  connection.execute("TRUNCATE public.late");  // a restore of the log alone
  auto worker = restored_runner(late_);
  const auto error = error_of([&] { run_until_idle(worker); });
  EXPECT_EQ(paste(command_in(error.hint(), "annals projection reset")), 0);
  run_until_idle(worker);
  EXPECT_EQ(read_model(connection, "late"), fold(eventstore::EventStore{restored_.database()}, types_));
}

}  // namespace
}  // namespace annals::tests
