#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "annals/postgres/database.hpp"

namespace annals::bench {

inline constexpr int payload_bytes = 200;

/// Events of payload_bytes of streams of category "order", as many in each.
struct History {
  std::int64_t events = 0;
  std::int64_t streams = 1;
  std::int64_t at_once = streams;  ///< streams that grow by turns before the next do
};

/// About `events` in streams of both lengths that are measured. long: of 600 events, all of them growing at once. short: of
/// 10, a thousand at a time.
struct NamedHistory {
  std::string name;
  History history;
};
[[nodiscard]] std::vector<NamedHistory> both_lengths(std::int64_t events);

/// Fills an empty store; what a division leaves over is not written.
void write_history(const postgres::Database& database, const History& history);
/// The same as outbox messages for `topic`, a hundred in a transaction.
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
