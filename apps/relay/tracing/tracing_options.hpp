#pragma once
#include <chrono>
#include <cstddef>
#include <string>

namespace annals::relayd {

/// Where spans go, and how many.
struct TracingOptions {
  std::string endpoint = {};  ///< of OTLP over HTTP, without /v1/traces; empty: no spans
  std::string ca_file = {};
  std::string service_name = "annals-relay";
  int sample_percent = 100;  ///< of the traces that whoever began them has sampled

  std::size_t queue_spans_max =
      2'048;  ///< waiting to be exported, and likewise on their way to the broker; more are dropped
  std::size_t batch_spans_max = 512;
  std::chrono::milliseconds interval{1'000};  ///< a batch that is not full leaves after so long
  std::chrono::milliseconds timeout{2'000};   ///< of an export; and of the last one at the end
};

}  // namespace annals::relayd
