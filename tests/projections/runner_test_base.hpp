#pragma once
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/projections/runner.hpp"
#include "annals/projections/status.hpp"
#include "support/temp_database.hpp"
#include "totals.hpp"

namespace annals::tests {

using namespace std::chrono_literals;

/// A database with the schema, a writer and what runners need.
class RunnerTestBase : public ::testing::Test {
 protected:
  using State = projections::StepReport::State;

  NewEvent paid(const std::string& customer, long long cents) const { return types_.encode(Paid{customer, cents}); }
  GlobalPosition pay(const std::string& customer, long long cents) {
    const auto result = store_.append(StreamName{"fine-" + customer}, ExpectedVersion::any(), {paid(customer, cents)});
    return std::get<eventstore::Appended>(result).position;
  }
  /// `count` payments over a few customers and streams; the seed is printed.
  void pay_at_random(int count, unsigned seed) {
    RecordProperty("seed", std::to_string(seed));
    std::mt19937 random{seed};
    for (int i = 0; i < count;) {
      std::vector<NewEvent> events;
      for (auto n = random() % 5 + 1; n > 0; --n, ++i) {
        events.push_back(paid(fmt::format("c{}", random() % 20), static_cast<long long>(random() % 1000)));
      }
      (void)store_.append(StreamName{fmt::format("fine-{}", random() % 30)}, ExpectedVersion::any(), events);
    }
  }

  projections::Runner runner(const projections::Projection& projection, projections::RunnerOptions options = {}) {
    options.standby_poll = 5ms;
    return {database_.database(), projection, types_, clock_, std::move(options)};
  }
  /// Steps until the report satisfies `done`; gives up long after any healthy runner would have got there.
  static projections::StepReport step_until(projections::Runner& runner,
                                            const std::function<bool(const projections::StepReport&)>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      auto report = runner.step(20ms);
      if (done(report)) return report;
    }
    throw std::runtime_error{"the runner did not get there within a minute"};
  }
  static projections::StepReport run_until_idle(projections::Runner& runner) {
    return step_until(runner, [](const auto& report) { return report.state == State::idle; });
  }

  Totals model(const std::string& table) { return read_model(direct_, table); }
  Totals history() { return fold(store_, types_); }
  projections::ProjectionStatus status(const std::string& name) {
    for (auto& status : projections::list_projections(direct_, "annals")) {
      if (status.name == name) return status;
    }
    throw std::runtime_error{"no such projection"};
  }
  static Error error_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error{ErrorKind::failed, "nothing was thrown"};
  }

  TempDatabase database_;
  postgres::Connection direct_{database_.superuser()};
  TypeRegistry types_ = make_types();
  eventstore::EventStore store_{database_.as("writer")};
  SystemClock clock_;
};

}  // namespace annals::tests
