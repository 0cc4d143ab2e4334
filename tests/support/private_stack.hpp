#pragma once
#include <string>

namespace annals::tests {

/// One server of a test's own, to kill, stop or pause: started by script/stack, gone at the end.
class PrivateStack {
 public:
  /// `service` is "postgres" or "kafka".
  explicit PrivateStack(std::string service);
  ~PrivateStack();
  PrivateStack(const PrivateStack&) = delete;
  PrivateStack& operator=(const PrivateStack&) = delete;

  /// ANNALS_DATABASE or ANNALS_KAFKA of this stack.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  void kill() const { change("kill"); }
  void start() const { change("start"); }  ///< again after kill(): same port, same data
  void pause() const { change("pause"); }  ///< connections stay open and nobody answers
  void resume() const { change("resume"); }
  void restart(const std::string& mode) const { change("restart", " --mode " + mode); }

 private:
  void change(const std::string& action, const std::string& options = {}) const;

  std::string service_;
  std::string name_;
  std::string address_;
};

}  // namespace annals::tests
