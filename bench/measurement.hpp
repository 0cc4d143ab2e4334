#pragma once
#include <functional>
#include <string>
#include <vector>

namespace annals::bench {

/// One thing measured against its floor: the same work done with as little as possible.
struct Subject {
  std::string name;               ///< "append/8-clients"
  std::string unit;               ///< "events/s", "ms"
  std::function<double()> value;  ///< one round with Annals
  std::function<double()> floor;  ///< one round without
};

struct Measurement {
  std::string name;
  std::string unit;
  double value = 0;  ///< median over the rounds
  double floor = 0;  ///< median over the rounds
  double ratio = 0;  ///< median of value/floor of each round
  std::vector<double> values = {};
  std::vector<double> floors = {};
};

/// Runs floor and value by turns, `rounds` times each, changing which comes first: what else the machine does then hits
/// both alike. One round of each before that is not counted.
[[nodiscard]] Measurement measure(const Subject& subject, int rounds);

/// The medians of rounds that were measured already; values[i] and floors[i] belong to one round.
[[nodiscard]] Measurement summarise(std::string name, std::string unit, std::vector<double> values,
                                    std::vector<double> floors);

/// "append/1-client   value 2613 events/s   floor 3552 events/s   ratio 0.74".
[[nodiscard]] std::string as_text(const Measurement& measurement);
/// One line: {"name":…,"value":…,"unit":…,"floor":…,"ratio":…,"rounds":[[value,floor],…]}.
[[nodiscard]] std::string as_json(const Measurement& measurement);

}  // namespace annals::bench
