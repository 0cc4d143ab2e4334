#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "annals/outbox/shard_board.hpp"
#include "host/process/exit_code.hpp"
#include "relay/crew/allotment.hpp"
#include "relay/crew/unit.hpp"
#include "relay/source.hpp"

namespace annals::relayd {

/// The shards of one log in this process: a Source on a thread of its own for each, which holds its seat, stands by for it or leaves it
/// to other processes, as allot() says. Sees the others on a session of its own (ShardBoard); without that session everybody keeps
/// what he has.
///
/// Lifecycle      construct -> run() once, on a thread of its own.
/// Thread safety  run() only. Ownership: borrows all that it is constructed with. Errors: run() throws nothing.
/// Limits         a stop takes as long as that of a Source.
class Crew {
 public:
  struct Parts {
    const Config& config;
    RunMode mode;
    const SinkFactory& open_sink;
    const LiveLimits& limits;
    Clock& clock;
    host::Log& log;
    Units& units;
    Metrics& metrics;
    EventId instance;
    const std::atomic<int>& reloads;  ///< at another number shards that have halted begin again
  };
  Crew(postgres::MessageLog log, Parts parts);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Until stopped, or no source can go on.
  [[nodiscard]] host::ExitCode run(const std::stop_token& stop);

 private:
  struct Worker;

  void watch(const std::stop_token& stop);
  void follow(const outbox::ShardBoard::Look& look);
  [[nodiscard]] std::vector<Holding> holdings();
  void hire(std::size_t shards, Wish wish);
  void begin(Worker& worker);
  enum class Dismissal {
    for_good,    ///< what they say last stays to be read
    for_others,  ///< another division of the log
  };
  void dismiss(Dismissal how);
  void say_configured(std::size_t shards);
  [[nodiscard]] bool done();
  [[nodiscard]] bool looks_on() const noexcept { return parts_.mode.until_caught_up; }
  void pause(const std::stop_token& stop, std::chrono::milliseconds wait);

  const postgres::MessageLog log_;
  Parts parts_;
  const std::size_t shards_;  ///< that the configuration names
  std::mutex mutex_;
  std::condition_variable_any changed_;
  host::ExitCode code_ = host::ExitCode::ok;
  int reloads_ = 0;
  bool said_ = false;  ///< that the configuration names another number
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace annals::relayd
