#pragma once
#include <functional>
#include <string>
#include <vector>

#include "verify/evidence.hpp"

/// What the shop promises, as pure functions over the evidence. Each returns what is wrong, one line a finding; nothing
/// when the promise was kept.
namespace shop::verify {

using Findings = std::vector<std::string>;

/// Every order is completed, or cancelled exactly when its payment was refused.
[[nodiscard]] Findings orders_end_right(const Evidence& evidence);
/// One decided payment an order, one shipment a paid order, none for a cancelled one.
[[nodiscard]] Findings effects_happen_once(const Evidence& evidence);
/// Every event of the three stores is on Kafka at least once.
[[nodiscard]] Findings nothing_is_lost(const Evidence& evidence);
/// Every record on Kafka is an event of the store that it says it comes from.
[[nodiscard]] Findings nothing_is_invented(const Evidence& evidence);
/// First occurrences of each key are in version order, all on one partition.
[[nodiscard]] Findings keys_keep_their_order(const Evidence& evidence);
/// The read model is what folding the history gives.
[[nodiscard]] Findings read_model_equals_history(const Evidence& evidence);

struct Check {
  std::string promise;
  std::function<Findings(const Evidence&)> run;
};
/// All of them, in the order above.
[[nodiscard]] const std::vector<Check>& all_checks();

/// The figures of the transcript.
struct Figures {
  std::size_t placed = 0;
  std::size_t completed = 0;
  std::size_t cancelled = 0;
  std::size_t events = 0;
  std::size_t published = 0;
  std::size_t duplicates = 0;  ///< records whose ce_id had been seen before
};
[[nodiscard]] Figures count(const Evidence& evidence);

}  // namespace shop::verify
