#pragma once
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace annals::tests {

/// librdkafka's mock cluster: a broker inside the process that answers with the errors it is told to. It keeps neither
/// transactions nor fencing; a promise about those needs the real broker.
class KafkaMock {
 public:
  explicit KafkaMock(int brokers = 1);
  ~KafkaMock();

  [[nodiscard]] std::string brokers() const;
  void create_topic(const std::string& name, int partitions);
  /// The next answers to Produce are these error codes of the protocol, one request each; -195 cuts the connection.
  void fail_produce(std::initializer_list<int> errors);
  /// The same for any request, by its number in the protocol.
  void fail(int api, const std::vector<int>& errors);
  /// The next answer to such a request is right, and comes so late; of the first broker.
  void answer_late(int api, std::chrono::milliseconds delay);
  /// Metadata says this about the topic from now on; 0: that it is fine.
  void set_topic_error(const std::string& name, int error);
  void set_down(bool down);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::tests
