#pragma once
#include <string>

namespace annals::tests {

/// One server of a test's own, to kill, stop or pause: started by script/stack, gone at the end.
class PrivateStack {
 public:
  /// `service` is "postgres" or "kafka"; of the latter a cluster of so many brokers, numbered from 1.
  explicit PrivateStack(std::string service, int brokers = 1);
  ~PrivateStack();
  PrivateStack(const PrivateStack&) = delete;
  PrivateStack& operator=(const PrivateStack&) = delete;

  /// ANNALS_DATABASE or ANNALS_KAFKA of this stack.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  void kill(int broker = 1) const { change("kill", broker); }
  void start(int broker = 1) const { change("start", broker); }  ///< again after kill(): same port, same data
  void pause(int broker = 1) const { change("pause", broker); }  ///< connections stay open and nobody answers
  void resume(int broker = 1) const { change("resume", broker); }
  void restart(const std::string& mode) const { change("restart", 1, " --mode " + mode); }

 private:
  void change(const std::string& action, int broker, const std::string& options = {}) const;

  std::string service_;
  std::string name_;
  std::string address_;
};

}  // namespace annals::tests
