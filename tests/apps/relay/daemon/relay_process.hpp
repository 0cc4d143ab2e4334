#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/raw_client.hpp"
#include "support/peak_memory.hpp"

namespace annals::tests {

/// Asks until it is true; false when it is not within the deadline, which is long past what any healthy run takes.
bool eventually(const std::function<bool()>& condition, std::chrono::seconds deadline = std::chrono::seconds{60});

/// A folder of its own, gone at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

/// The built annals-relay as a process of its own; killed at the end if it still runs. Sees none of our ANNALS_*
/// variables.
class RelayProcess {
 public:
  RelayProcess(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment);
  ~RelayProcess();
  RelayProcess(const RelayProcess&) = delete;
  RelayProcess& operator=(const RelayProcess&) = delete;

  void signal(int number) const;
  /// Its exit code, or 128 + the signal that ended it; nothing when it did not end within the deadline.
  std::optional<int> wait_for_exit(std::chrono::seconds deadline = std::chrono::seconds{60});
  [[nodiscard]] bool running();

  /// What it wrote so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  [[nodiscard]] std::vector<std::string> out_lines() const;
  [[nodiscard]] bool has_logged(const std::string& text) const { return err().find(text) != std::string::npos; }

  /// GET on the endpoint, whose port is taken from the log.
  [[nodiscard]] HttpAnswer get(const std::string& path, const std::string& host = "localhost",
                               const std::string& method = "GET") const;
  [[nodiscard]] bool ready() const { return get("/readyz").status == 200; }
  /// Where the endpoint listens; 0 before it does.
  [[nodiscard]] int port() const;
  /// The most memory that it has had so far (VmHWM); 0 when it has ended.
  [[nodiscard]] std::int64_t peak_memory_bytes() const { return tests::peak_memory_bytes(pid_); }
  /// The value of a series such as `name{source="outbox"}`, its label `relay` left out; nothing when it is not there.
  [[nodiscard]] std::optional<double> metric(const std::string& series) const;

 private:
  TempFolder folder_;
  pid_t pid_ = -1;
  std::optional<int> code_;
};

}  // namespace annals::tests
