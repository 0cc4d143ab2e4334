#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "annals/core/event_id.hpp"
#include "annals/postgres/connection.hpp"
#include "program.hpp"
#include "support/kafka_topic.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

std::string temporary_file(const std::string& name) {
  return (std::filesystem::temp_directory_path() / (EventId::generate().to_string() + "-" + name)).string();
}

/// A database that is filled and read through the programs alone, as a user would: each as the role that it is for.
class FinesLog {
 public:
  FinesLog() {
    // As libpq lets anybody do who may take on a role.
    const auto owner = database_.uri("migrator") + "&options=-c%20role%3Dannals_owner";
    succeed(owner, FINES_PROGRAM, "init");
    postgres::Connection{database_.superuser()}.execute("GRANT ALL ON public.fines TO annals_service");
    succeed(database_.uri("migrator"), ANNALS_PROGRAM,
            "schema roles apply --owner annals_owner --projector annals_service --writer annals_writer --events-relay "
            "annals_relay --doctor annals_doctor");
  }

  /// Looks.
  std::string annals(const std::string& arguments) const {
    return succeed(database_.uri("doctor"), ANNALS_PROGRAM, arguments);
  }
  /// Writes.
  std::string write(const std::string& arguments) const {
    return succeed(database_.uri("writer"), ANNALS_PROGRAM, arguments);
  }
  std::string fines(const std::string& arguments) const {
    return succeed(database_.uri("service"), FINES_PROGRAM, arguments);
  }
  /// Publishes what there is to `topic` and ends.
  std::string relay(const std::string& topic) const {
    const auto config = temporary_file("relay.toml");
    std::ofstream{config} << "[relay]\nsources = [\"events\"]\n[[route]]\ncategory = \"*\"\ntopic = \"" << topic
                          << "\"\n[http]\nlisten = \"off\"\n";
    auto output = succeed(database_.uri("relay"), RELAY_PROGRAM,
                          "--config " + quoted(config) + " --until-caught-up --brokers " + kafka_brokers());
    std::filesystem::remove(config);
    return output;
  }
  std::string import(const std::string& file) const { return write("events import " + quoted(file)); }
  std::string report() const {
    fines("project");
    return fines("report");
  }

 private:
  static std::string succeed(const std::string& uri, const std::string& program, const std::string& arguments) {
    const auto outcome = run("ANNALS_DATABASE=" + quoted(uri) + " " + quoted(program) + " " + arguments);
    EXPECT_EQ(outcome.status, 0) << arguments << ": " << outcome.output;
    return outcome.output;
  }

  TempDatabase database_{TempDatabase::Schema::none};
};

std::set<std::string> ids_in(const std::string& exported) {
  const std::string member = "\"id\":\"";
  std::set<std::string> ids;
  std::istringstream lines{exported};
  for (std::string line; std::getline(lines, line);) ids.insert(line.substr(line.find(member) + member.size(), 36));
  return ids;
}

/// Everything the log holds is in the topic once, and each stream's versions are in order.
void expect_published(const std::string& topic, const std::string& exported) {
  std::set<std::string> published;
  std::map<std::string, long> versions;
  for (const auto& record : read_all(topic)) {
    EXPECT_TRUE(published.insert(record.header("ce_id")).second);
    ASSERT_EQ(std::stol(record.header("ce_sequence")), ++versions[record.key]);
  }
  EXPECT_TRUE(published == ids_in(exported)) << published.size() << " records are published";
}

std::string sample() { return std::string{EXAMPLES_DIR} + "/fines/sample.jsonl"; }
std::string sample_report() { return read_file(std::string{EXAMPLES_DIR} + "/fines/sample_expected.csv"); }

TEST(FinesProgram, ReportsTheSample) {
  const FinesLog log;
  log.import(sample());
  EXPECT_EQ(log.report(), sample_report());
}

TEST(FinesProgram, ArePublishedThroughTheRelay) {
  const FinesLog log;
  log.import(sample());
  const auto topic = create_topic(unique_topic("fines"), 4);
  log.relay(topic);
  expect_published(topic, log.annals("events export"));
}

TEST(FinesProgram, GoesOnWhereItStopped) {
  const FinesLog log;
  log.import(sample());
  log.report();
  log.write(R"(stream append fine-1 --type fines.v1.Payment --data '{"paid":"82.50"}')");
  EXPECT_THAT(log.report(), HasSubstr("fine-1,4,71.50,11.00,82.50,0.00,fines.v1.Payment\n"));
}

TEST(FinesProgram, SurvivesExportAndImport) {
  const FinesLog first;
  const FinesLog second;
  const auto exported = temporary_file("export.jsonl");
  const auto again = temporary_file("again.jsonl");
  first.import(sample());
  first.annals("events export > " + quoted(exported));
  second.import(exported);
  EXPECT_EQ(second.report(), sample_report());
  second.annals("events export > " + quoted(again));
  EXPECT_EQ(read_file(again), read_file(exported));
  second.import(exported);  // the same events once more: nothing changes
  EXPECT_EQ(second.report(), sample_report());
  std::filesystem::remove(exported);
  std::filesystem::remove(again);
}

TEST(FinesProgram, NamesItsOwnCommandThatMakesTheTables) {
  const TempDatabase database{TempDatabase::Schema::none};
  const auto outcome = run(quoted(FINES_PROGRAM) + " --database " + quoted(database.uri("migrator")) + " report");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output, testing::StartsWith("fines: ")) << "no title of a table that does not come";
  EXPECT_THAT(outcome.output, HasSubstr("hint: run `fines init`"));
}

TEST(FinesProgram, SaysWhichCommandWasMeant) {
  const auto outcome = run(quoted(FINES_PROGRAM) + " reprot");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.output, HasSubstr("hint: did you mean report?"));
}

/// The public log of road traffic fines; not part of this project.
std::string road_fines_dir() {
  const char* named = std::getenv("ANNALS_ROAD_FINES_DIR");
  return named != nullptr ? named : SHARED_DATA_DIR;
}

TEST(FinesProgram, ReportsTheRoadTrafficFines) {
  const auto directory = road_fines_dir();
  const auto events = directory + "/road_fines.jsonl.gz";
  if (!std::filesystem::exists(events)) {
    GTEST_SKIP() << "there is no " << events << ": set ANNALS_ROAD_FINES_DIR to a folder with road_fines.jsonl.gz and "
                 << "road_fines_expected.csv (a sample of 4TU's Road Traffic Fine Management Process)";
  }
  const FinesLog log;
  log.import(events);
  EXPECT_TRUE(log.report() == read_file(directory + "/road_fines_expected.csv")) << "the reports differ";
  const auto topic = create_topic(unique_topic("road-fines"), 4);
  log.relay(topic);
  expect_published(topic, log.annals("events export"));
}

}  // namespace
}  // namespace annals::tests
