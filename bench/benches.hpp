#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "measurement.hpp"

namespace annals::bench {

struct BenchOptions {
  int rounds = 5;
  double seconds = 2;          ///< of a timed round (append, read, latency)
  long long events = 500'000;  ///< of a counted round (replay, import, relay, projection)
  std::string only = {};       ///< the measurements whose name begins with it

  [[nodiscard]] bool wants(std::string_view name) const { return name.starts_with(only); }
};

/// Each sets up what it needs in the stack named by ANNALS_DATABASE and ANNALS_KAFKA, and removes it.
[[nodiscard]] std::vector<Measurement> bench_append(const BenchOptions& options);
[[nodiscard]] std::vector<Measurement> bench_read(const BenchOptions& options);
[[nodiscard]] std::vector<Measurement> bench_replay(const BenchOptions& options);
[[nodiscard]] std::vector<Measurement> bench_import(const BenchOptions& options);
[[nodiscard]] std::vector<Measurement> bench_relay(const BenchOptions& options);
[[nodiscard]] std::vector<Measurement> bench_latency(const BenchOptions& options);
[[nodiscard]] std::vector<Measurement> bench_projection(const BenchOptions& options);

}  // namespace annals::bench
