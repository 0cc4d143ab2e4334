#pragma once
#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "annals/testing/describe.hpp"

namespace annals::testing {

/// A scenario did not end as it should; what() shows both sides, event by event.
class ScenarioFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a decision led to. Comes from Given::when().
template <class State>
class Outcome {
 public:
  using Event = typename State::Event;

  Outcome(State state, std::vector<Event> decided, std::exception_ptr thrown)
      : state_(std::move(state)), decided_(std::move(decided)), thrown_(std::move(thrown)) {}

  /// Exactly these events, in this order. Throws ScenarioFailed otherwise.
  void then(const std::vector<Event>& expected) const { require(compare(expected)); }
  void then_nothing() const { then({}); }
  /// An exception of type E whose text contains `text`.
  template <class E = std::exception>
  void then_throws(const std::string& text = {}) const;
  /// The state after the decided events, for what no event shows.
  [[nodiscard]] State state_after() const;

  /// The difference to `expected` for people; empty when there is none.
  [[nodiscard]] std::string compare(const std::vector<Event>& expected) const;
  [[nodiscard]] const std::vector<Event>& decided() const noexcept { return decided_; }

 private:
  static void require(const std::string& difference) {
    if (!difference.empty()) throw ScenarioFailed{difference};
  }
  [[nodiscard]] std::string thrown_text() const;
  [[nodiscard]] std::string list() const;

  State state_;
  std::vector<Event> decided_;
  std::exception_ptr thrown_;
};

/// A state made from events. Comes from given().
template <class State>
class Given {
 public:
  explicit Given(State state) : state_(std::move(state)) {}

  /// `decide(state)` returns the events that follow: a container of them, or one.
  template <class Decide>
  [[nodiscard]] Outcome<State> when(Decide&& decide) const;

 private:
  State state_;
};

/// Tests a decision without I/O: given what has happened, when this is asked, then that follows.
///
///     given<Order>({placed, paid}).when([](const Order& order) { return complete(order); }).then({completed});
///     given<Order>({}).when([](const Order& order) { return complete(order); }).then_throws<std::logic_error>("none");
///
/// State is any default-constructible value with `State::Event` (one type, or a std::variant of them) and a function
/// `evolve(State, const Event&)` beside it. Events are Protobuf messages or anything with operator==; operator<< makes
/// failures readable. In GoogleTest a failed scenario is an exception; given_matchers.hpp has a matcher instead.
template <class State>
[[nodiscard]] Given<State> given(const std::vector<typename State::Event>& events) {
  State state{};
  for (const auto& event : events) state = evolve(std::move(state), event);
  return Given<State>{std::move(state)};
}

template <class State>
template <class Decide>
Outcome<State> Given<State>::when(Decide&& decide) const {
  using Event = typename State::Event;
  std::vector<Event> decided;
  try {
    auto made = std::forward<Decide>(decide)(state_);
    if constexpr (std::is_convertible_v<decltype(made), Event>) {
      decided.push_back(Event{std::move(made)});
    } else {
      for (auto& event : made) decided.push_back(std::move(event));
    }
  } catch (...) {
    return {state_, {}, std::current_exception()};
  }
  return {state_, std::move(decided), nullptr};
}

template <class State>
std::string Outcome<State>::compare(const std::vector<Event>& expected) const {
  if (thrown_) return "the decision threw " + thrown_text() + "\n";
  std::string lines;
  bool differ = false;
  const auto line = [&](std::size_t i, const char* what, const Event& event) {
    lines += "  " + std::to_string(i + 1) + ". " + what + ' ' + detail::describe(event) + '\n';
  };
  for (std::size_t i = 0; i < expected.size() || i < decided_.size(); ++i) {
    const bool same = i < expected.size() && i < decided_.size() && detail::same(expected[i], decided_[i]);
    differ = differ || !same;
    if (same) {
      line(i, "as expected:", expected[i]);
      continue;
    }
    if (i < expected.size()) line(i, "expected:   ", expected[i]);
    if (i < decided_.size()) line(i, "decided:    ", decided_[i]);
  }
  if (!differ) return {};
  return "expected " + std::to_string(expected.size()) + " event(s), decided " + std::to_string(decided_.size()) +
         ":\n" + lines;
}

template <class State>
template <class E>
void Outcome<State>::then_throws(const std::string& text) const {
  if (!thrown_) throw ScenarioFailed{"expected an exception, decided " + list()};
  try {
    std::rethrow_exception(thrown_);
  } catch (const E& error) {
    const std::string what = error.what();
    if (what.find(text) == std::string::npos) {
      throw ScenarioFailed{"expected an exception that says \"" + text + "\", it says \"" + what + '"'};
    }
  } catch (...) {
    throw ScenarioFailed{"expected " + detail::type_name(typeid(E)) + ", the decision threw " + thrown_text()};
  }
}

template <class State>
State Outcome<State>::state_after() const {
  State state = state_;
  for (const auto& event : decided_) state = evolve(std::move(state), event);
  return state;
}

template <class State>
std::string Outcome<State>::thrown_text() const {
  try {
    std::rethrow_exception(thrown_);
  } catch (const std::exception& error) {
    return detail::type_name(typeid(error)) + ": " + error.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

template <class State>
std::string Outcome<State>::list() const {
  std::string out = std::to_string(decided_.size()) + " event(s)\n";
  for (const auto& event : decided_) out += "  " + detail::describe(event) + '\n';
  return out;
}

}  // namespace annals::testing
