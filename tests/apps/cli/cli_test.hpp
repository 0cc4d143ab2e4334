#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "annals/postgres/connection.hpp"
#include "program.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

/// A database of its own, and the program pointed at it.
class CliTest : public testing::Test {
 protected:
  /// `role`: as which all commands run; without it each as the one that it is for.
  explicit CliTest(TempDatabase::Schema schema = TempDatabase::Schema::applied, std::string role = {})
      : database_(schema), role_(std::move(role)) {}

  /// "owner" is the migrator who has taken the owner's role on.
  [[nodiscard]] std::string uri(const std::string& role) const {
    return role == "owner" ? database_.uri("migrator") + "&options=-c%20role%3Dannals_owner" : database_.uri(role);
  }
  /// The role that the command is for; those that only look are the doctor's.
  [[nodiscard]] std::string role_for(const Arguments& arguments) const {
    if (!role_.empty()) return role_;
    const auto has = [&](const char* word) {
      return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
    };
    if (has("append") || has("import")) return "writer";
    if (has("stream") && has("adopt")) return "owner";
    if (has("adopt") || has("skip") || has("reset") || has("--set")) return "operator";
    return "doctor";
  }
  [[nodiscard]] Arguments with_database(const Arguments& arguments) const {
    Arguments all{"--database", uri(role_for(arguments))};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }
  [[nodiscard]] Finished annals(const Arguments& arguments, const std::string& input = {}) const {
    return run(with_database(arguments), input);
  }
  /// Runs the program, which must succeed, and returns its output.
  [[nodiscard]] std::string output(const Arguments& arguments, const std::string& input = {}) const {
    const auto finished = annals(arguments, input);
    EXPECT_EQ(finished.code, 0) << finished.err;
    return finished.out;
  }
  /// Runs a command line as an operator would paste it; returns its exit status.
  [[nodiscard]] int shell(const std::string& command, const std::string& role = "service") const {
    write_file(directory_.path("script"), std::string{"set -e\nexport PATH=\"$(dirname '"} + ANNALS_PROGRAM +
                                              "'):$PATH\"\nexport ANNALS_DATABASE='" + uri(role) +
                                              "'\ncd \"$(dirname \"$0\")\"\n" + command);
    const int status =
        std::system(("sh " + directory_.path("script") + " >" + directory_.path("log") + " 2>&1").c_str());
    return WEXITSTATUS(status);
  }
  [[nodiscard]] postgres::Connection connect() const { return postgres::Connection{database_.superuser()}; }
  [[nodiscard]] std::int64_t number(const std::string& sql) const { return connect().query(sql).bigint(0, 0); }
  [[nodiscard]] std::int64_t event_count() const { return number("SELECT count(*) FROM annals.events"); }

  TempDatabase database_;
  TempDirectory directory_;
  std::string role_;
};

}  // namespace annals::tests
