#include "measurement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace annals::bench {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

Measurement summarise(std::string name, std::string unit, std::vector<double> values, std::vector<double> floors) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < values.size(); ++i) ratios.push_back(values[i] / floors[i]);
  return {.name = std::move(name),
          .unit = std::move(unit),
          .value = median(values),
          .floor = median(floors),
          .ratio = median(ratios),
          .values = values,
          .floors = floors};
}

Measurement measure(const Subject& subject, int rounds) {
  subject.floor();
  subject.value();
  std::vector<double> values;
  std::vector<double> floors;
  for (int round = 0; round < rounds; ++round) {
    const bool floor_first = round % 2 == 0;
    if (floor_first) floors.push_back(subject.floor());
    values.push_back(subject.value());
    if (!floor_first) floors.push_back(subject.floor());
  }
  return summarise(subject.name, subject.unit, std::move(values), std::move(floors));
}

std::string as_text(const Measurement& m) {
  const int digits = m.value < 100 ? 2 : 0;
  return fmt::format("{:<28} value {:>10.{}f} {:<10} floor {:>10.{}f}  ratio {:>5.2f}  ({} rounds)", m.name, m.value,
                     digits, m.unit, m.floor, digits, m.ratio, m.values.size());
}

std::string as_json(const Measurement& m) {
  nlohmann::ordered_json rounds = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < m.values.size(); ++i) rounds.push_back({m.values[i], m.floors[i]});
  return nlohmann::ordered_json{{"name", m.name},   {"value", m.value}, {"unit", m.unit},
                                {"floor", m.floor}, {"ratio", m.ratio}, {"rounds", rounds}}
      .dump();
}

}  // namespace annals::bench
