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

  // GoogleTest's names.
  // NOLINTBEGIN(readability-identifier-naming)
  bool MatchAndExplain(const Outcome<State>& outcome, std::ostream* out) const {
    const auto difference = outcome.compare(expected_);
    if (out != nullptr) *out << difference;
    return difference.empty();
  }
  void DescribeTo(std::ostream* out) const { *out << "decides " << expected_.size() << " event(s)"; }
  void DescribeNegationTo(std::ostream* out) const { *out << "decides anything else"; }
  // NOLINTEND(readability-identifier-naming)

 private:
  std::vector<typename State::Event> expected_;
};

// NOLINTBEGIN(readability-identifier-naming): named as GoogleTest names matchers.
template <class State>
[[nodiscard]] DecidesMatcher<State> Decides(std::vector<typename State::Event> expected) {
  return DecidesMatcher<State>{std::move(expected)};
}
// NOLINTEND(readability-identifier-naming)

}  // namespace annals::testing
