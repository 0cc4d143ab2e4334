#pragma once
#include <string>

namespace annals::tests {

/// A Kafka broker of its own for tests that kill, stop or pause it; started by script/stack, gone at the end.
class PrivateKafka {
 public:
  PrivateKafka();
  ~PrivateKafka();
  PrivateKafka(const PrivateKafka&) = delete;
  PrivateKafka& operator=(const PrivateKafka&) = delete;

  [[nodiscard]] const std::string& brokers() const noexcept { return brokers_; }

  void kill() const { change("kill"); }
  void start() const { change("start"); }  ///< again after kill(): same port, same data
  void pause() const { change("pause"); }  ///< connections stay open and nobody answers
  void resume() const { change("resume"); }

 private:
  void change(const std::string& action) const;

  std::string name_;
  std::string brokers_;
};

}  // namespace annals::tests
