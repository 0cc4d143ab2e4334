#pragma once
#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "annals/outbox/shard.hpp"
#include "host/process/exit_code.hpp"
#include "relay/crew/seat.hpp"
#include "relay/health.hpp"
#include "relay/metrics.hpp"
#include "relay/standby_watch.hpp"

namespace annals::relayd {

/// One shard of one log in this process, and what is known of it.
struct Unit {
  std::string log;
  std::string relay;  ///< the shard's name
  outbox::Shard shard;
  std::shared_ptr<SourceHealth> health;
  SourceMetrics* metrics = nullptr;
  StandbyWatch standby = {};  ///< of the lag watch
  Seat seat = {};
};

/// All that there are at the moment. Thread safety: all methods.
class Units {
 public:
  using List = std::vector<std::shared_ptr<Unit>>;

  [[nodiscard]] List all() const {
    const std::lock_guard lock{mutex_};
    return units_;
  }
  [[nodiscard]] std::vector<std::shared_ptr<SourceHealth>> healths() const {
    std::vector<std::shared_ptr<SourceHealth>> healths;
    for (const auto& unit : all()) healths.push_back(unit->health);
    return healths;
  }
  void add(std::shared_ptr<Unit> unit) {
    const std::lock_guard lock{mutex_};
    units_.push_back(std::move(unit));
  }
  void clear() {
    const std::lock_guard lock{mutex_};
    units_.clear();
  }
  void remove(const std::shared_ptr<Unit>& unit) {
    const std::lock_guard lock{mutex_};
    std::erase(units_, unit);
  }

 private:
  mutable std::mutex mutex_;
  List units_;
};

}  // namespace annals::relayd
