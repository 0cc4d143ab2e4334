#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "annals/projections/source.hpp"
#include "annals/testing/memory_log.hpp"

namespace annals::testing {

/// A Source that reads a MemoryLog from where its group has committed. Make a new one to play a restart.
///
/// Thread safety: none. Ownership: borrows the log.
class MemorySource final : public projections::Source {
 public:
  explicit MemorySource(MemoryLog& log, std::string group = "group")
      : log_(log), group_(std::move(group)), next_(log.committed(group_)) {}

  /// Never waits: what is not there yet comes with a later call.
  void receive(std::size_t max, std::chrono::milliseconds wait,
               std::vector<projections::IncomingMessage>& messages) override;
  void commit() override { log_.commit(group_, next_); }

 private:
  MemoryLog& log_;
  std::string group_;
  std::size_t next_;
};

}  // namespace annals::testing
