#pragma once
// For GoogleTest: the library itself does not need it.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "annals/testing/given.hpp"

namespace annals::testing {

/// Matches an Outcome that decided exactly these events; goes on with the test when it did not.
///
///     EXPECT_THAT(given<Order>({placed}).when(pay), Decides<Order>({paid}));
template <class State>
class DecidesMatcher {
 public:
  using is_gtest_matcher = void;
  explicit DecidesMatcher(std::vector<typename State::Event> expected) : expected_(std::move(expected)) {}

  bool MatchAndExplain(const Outcome<State>& outcome,
                       std::ostream* out) const {  // NOLINT(readability-identifier-naming)
    const auto difference = outcome.compare(expected_);
    if (out != nullptr) *out << difference;
    return difference.empty();
  }
  void DescribeTo(std::ostream* out) const {  // NOLINT(readability-identifier-naming)
    *out << "decides " << expected_.size() << " event(s)";
  }
  void DescribeNegationTo(std::ostream* out) const {  // NOLINT(readability-identifier-naming)
    *out << "decides anything else";
  }

 private:
  std::vector<typename State::Event> expected_;
};

template <class State>
[[nodiscard]] DecidesMatcher<State> Decides(
    std::vector<typename State::Event> expected) {  // NOLINT(readability-identifier-naming)
  return DecidesMatcher<State>{std::move(expected)};
}

}  // namespace annals::testing
