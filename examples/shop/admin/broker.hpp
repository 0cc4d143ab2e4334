#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shop {

/// What the demonstration asks of Kafka beside sending and receiving: topics and offsets. Operators do this with Kafka's
/// own tools; here it saves starting a Java machine a dozen times.
///
/// Errors: annals::Error {disconnected, failed}. Limits: every call is bounded by ten seconds.
class Broker {
 public:
  explicit Broker(const std::string& bootstrap_servers, const std::string& group = "shop-admin");
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker();

  /// Creates the topic unless it exists, and waits until the broker knows all of its partitions.
  void create_topic(const std::string& name, int partitions);
  /// Deletes the topic if it exists.
  void delete_topic(const std::string& name);
  /// The offset after the last record of each partition.
  [[nodiscard]] std::vector<std::int64_t> end_offsets(const std::string& topic);
  /// How many records of the topic the group, whose name was given to the constructor, has not committed.
  [[nodiscard]] std::int64_t lag(const std::string& topic);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shop
