#pragma once
#include <mutex>
#include <set>

namespace annals::kafka {

/// The sockets of one client, so that they can be cut.
///
/// librdkafka's destroy waits for the answer to every request that a consumer group has made, up to socket.timeout.ms when
/// the broker hangs. Without sockets there is nothing to wait for: that makes a destructor bounded.
///
/// Thread safety  all members; librdkafka opens and closes in its own threads.
class Sockets {
 public:
  /// socket(2), close on exec. Fails with ENETDOWN after cut().
  [[nodiscard]] int open(int domain, int type, int protocol);
  int close(int descriptor);
  /// Ends all connections and lets no new one begin.
  void cut();

 private:
  std::mutex mutex_;
  std::set<int> open_;
  bool cut_ = false;
};

}  // namespace annals::kafka
