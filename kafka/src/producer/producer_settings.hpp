#pragma once
#include <chrono>
#include <cstddef>

#include "annals/kafka/settings.hpp"
#include "producer/producer_topic.hpp"

/// How the sink's producer is set up, and what that says about what it sends.
namespace annals::kafka {

/// After this an unanswered request is made again, where nobody has chosen.
inline constexpr std::chrono::milliseconds request_timeout{10'000};

/// Where nobody has chosen.
[[nodiscard]] const Settings& producer_defaults();

// Read as librdkafka reads them; what is no number it refuses when the producer is made.
[[nodiscard]] RequestLimits request_limits(const Settings& settings);
/// That a connection takes at once.
[[nodiscard]] std::size_t requests_max(const Settings& settings);
[[nodiscard]] Partitioner partitioner_of(const Settings& settings);

}  // namespace annals::kafka
