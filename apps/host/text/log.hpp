#pragma once
#include <chrono>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "host/text/secrets.hpp"

namespace spdlog {
class logger;
}

namespace annals::host {

enum class LogFormat { text, json };

struct LogOptions {
  std::string level = "info";  ///< debug, info, warn, error or off
  LogFormat format = LogFormat::text;
};

enum class Level { debug, info, warn, error };

/// Lines on standard error, as text or JSON: a sentence and named values. Control characters are escaped and secrets
/// removed, whatever is passed in.
///
/// Thread safety  all methods.
class Log {
 public:
  using Field = std::pair<std::string_view, std::string_view>;
  using Fields = std::initializer_list<Field>;

  Log(const LogOptions& options, Secrets secrets);
  /// What a part of the program is told apart by.
  struct Part {
    std::string label;
    std::string value;                 ///< without one there is no label
    std::string command_options = {};  ///< for the commands of annals in hints: see with_options()
  };
  /// The log of a part of the program, into the same stream: each line has its value, and `secrets` are kept out of it.
  Log(const Log& whole, Secrets secrets, Part part);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(Level level, std::string_view message, Fields fields = {});
  /// The same, but the same message with the same fields only once in repeat_interval; the line that comes through
  /// says how many were left out.
  void write_limited(Level level, std::string_view message, Fields fields);
  /// `text` as it may be shown anywhere.
  [[nodiscard]] std::string safe(std::string_view text) const;

  static constexpr std::chrono::seconds repeat_interval{30};
  static constexpr std::size_t repeats_max = 256;  ///< different lines remembered

 private:
  struct Repeat {
    std::chrono::steady_clock::time_point written;
    int left_out = 0;
  };
  [[nodiscard]] std::string body(std::string_view message, Fields fields) const;

  LogFormat format_;
  Secrets secrets_;
  Part part_;
  std::shared_ptr<spdlog::logger> logger_;  // spdlog hands out nothing else
  std::mutex mutex_;
  std::map<std::string, Repeat> repeats_;
};

}  // namespace annals::host
