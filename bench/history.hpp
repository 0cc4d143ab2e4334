#pragma once
#include <chrono>
#include <cstdint>

#include "annals/postgres/database.hpp"

namespace annals::bench {

inline constexpr int payload_bytes = 200;

/// Fills an empty store with `count` events of payload_bytes over `streams` streams of category "order".
void write_history(const postgres::Database& database, std::int64_t count, std::int64_t streams);
/// The same as outbox messages for `topic`.
void write_outbox(const postgres::Database& database, const std::string& topic, std::int64_t count, std::int64_t keys);

/// Seconds since it was made.
class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace annals::bench
