#pragma once
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "host/process/exit_code.hpp"
#include "relay/crew/publisher.hpp"
#include "relay/health.hpp"
#include "relay/settings/config_loader.hpp"

namespace annals::relayd {

/// The databases that this process publishes from: a Publisher on a thread of its own for each, so that what becomes of one is nothing to the
/// others. One that has ended for good waits for a reload while others run.
///
/// Lifecycle      construct -> begin() -> wait() until all have ended -> destroy.
/// Thread safety  all methods; begin() once.
/// Ownership      borrows what is in Shared. Errors: none.
/// Limits         as many as the configuration may name (databases_max).
class Databases {
 public:
  explicit Databases(Publisher::Shared shared) : shared_(std::move(shared)) {}
  /// All must have ended.
  ~Databases() = default;
  Databases(const Databases&) = delete;
  Databases& operator=(const Databases&) = delete;

  void begin(const LoadedConfig& loaded);
  void request_stop();
  /// Takes what may change while a database runs, begins those that are new or have ended, ends those that are not there any more, and says
  /// what needs a restart of the process.
  void reload(const LoadedConfig& loaded);

  /// True when all have ended; false after `time`, or when one has.
  bool wait(std::chrono::milliseconds time);
  /// All that have not ended are about to.
  [[nodiscard]] bool ending() const;
  /// Those that have not ended hang.
  [[nodiscard]] bool overdue(SourceHealth::Time now) const;
  /// How the process is to end; of those that have ended the worst.
  [[nodiscard]] host::ExitCode code() const;
  [[nodiscard]] std::vector<DatabaseHealth> healths() const;

 private:
  struct Next {
    LoadedDatabase database;
    host::Secrets secrets;
  };
  struct Place {
    std::unique_ptr<Publisher> publisher;
    std::stop_source stop = {};
    bool leaves = false;            ///< the configuration has it no more
    std::optional<Next> next = {};  ///< begins when this one has ended
    bool ended = false;
    host::ExitCode code = host::ExitCode::ok;
    std::jthread thread = {};
  };

  void start(Place& place);
  void start_anew(Place& place, const LoadedDatabase& database, const host::Secrets& secrets);
  void start_next();
  void add(const LoadedDatabase& database, const host::Secrets& secrets);
  void take_leave(const LoadedConfig& loaded);
  void take(const LoadedDatabase& database, const host::Secrets& secrets);
  static void say_changes(Place& place, const LoadedDatabase& database, bool of_the_program);
  void remove_ended();
  [[nodiscard]] bool all_ended() const;

  const Publisher::Shared shared_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace annals::relayd
