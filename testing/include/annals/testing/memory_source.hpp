#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "annals/projections/source.hpp"
#include "annals/testing/memory_log.hpp"

namespace annals::testing {

/// A Source that reads a MemoryLog from where the reader's OffsetTable says. Make a new one to play a restart.
///
/// Thread safety: none. Ownership: borrows the log.
class MemorySource final : public projections::Source {
 public:
  explicit MemorySource(MemoryLog& log, std::string group = "group") : log_(log), group_(std::move(group)) {}

  void commit() override { log_.commit(group_, next_); }

  /// The next receive() gives one message at most, and then fails.
  void break_down() { broken_ = true; }

 private:
  /// Never waits: what is not there yet comes with a later call.
  void poll(projections::OffsetTable& offsets, std::size_t max, std::chrono::milliseconds wait,
            std::vector<projections::IncomingMessage>& messages) override;
  [[nodiscard]] std::int64_t start_of(projections::OffsetTable& offsets, const projections::IncomingMessage& message);

  MemoryLog& log_;
  std::string group_;
  std::size_t next_ = 0;
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> starts_;
  bool broken_ = false;
};

}  // namespace annals::testing
