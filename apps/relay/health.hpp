#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace annals::relayd {

/// What a source is doing.
enum class Phase {
  connecting,  ///< opens database and sink
  standby,     ///< another relay of this name publishes
  publishing,
  idle,      ///< caught up
  blocked,   ///< waits for an open transaction
  retrying,  ///< database or sink failed; waits for the next attempt
  halted,    ///< cannot go on without an operator
  draining,
  stopped,
};
inline constexpr Phase all_phases[] = {Phase::connecting, Phase::standby,  Phase::publishing,
                                       Phase::idle,       Phase::blocked,  Phase::retrying,
                                       Phase::halted,     Phase::draining, Phase::stopped};
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;

/// The state of one source, written by its thread and read by the endpoint. Thread safety: all methods.
class SourceHealth {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// The standby fault until somebody has looked.
  static constexpr std::string_view unknown_owner = "who publishes is not known";
  struct Snapshot {
    Phase phase = Phase::connecting;
    std::string detail = {};                   ///< why it retries or halted; without secrets
    std::string standby_fault{unknown_owner};  ///< why standing by is no good; empty: another relay publishes
    bool sink_connected = false;
    Time beat = {};
  };

  SourceHealth(std::string name, Time now) : name_(std::move(name)), state_{.beat = now} {}

  void enter(Phase phase, std::string detail = {});
  void set_sink_connected(bool connected);
  /// Why standing by is no good, when it is not: nothing would ever be published. Empty: another relay publishes.
  void set_standby_fault(std::string fault);
  /// The thread is not hung.
  void beat(Time now);

  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  const std::string name_;
  mutable std::mutex mutex_;
  Snapshot state_;
};

/// The sources of one database.
struct DatabaseHealth {
  std::string name;                   ///< empty: it is the only one
  std::chrono::milliseconds stall{};  ///< without a step for so long a source is not alive
  std::vector<std::shared_ptr<SourceHealth>> sources;
};

/// What the probes answer, for all databases together.
class Health {
 public:
  struct Answer {
    bool good = false;
    std::string text;  ///< one line a source; of several databases first one that says how many are ready
  };

  /// Asked at each probe; shared with the sources' threads.
  using Databases = std::function<std::vector<DatabaseHealth>()>;

  explicit Health(Databases databases) : databases_(std::move(databases)) {}

  /// Every thread has made a step lately. Touches neither database nor sink: restarting us would not repair them.
  [[nodiscard]] Answer live(SourceHealth::Time now) const;
  /// Of one database at least: every source publishes or stands by while another relay publishes, and database and sink answer. Not
  /// of all: what is wrong with one database is not mended by taking the process away from the others.
  [[nodiscard]] Answer ready(SourceHealth::Time now) const;

  /// A step that takes longer has lost its database for what readiness is concerned.
  static constexpr std::chrono::seconds step_max{15};

 private:
  Databases databases_;
};

}  // namespace annals::relayd
