#pragma once
#include <string>
#include <string_view>

namespace annals::tests {

/// One TCP connection to loopback that sends whatever it is told, for tests of the HTTP endpoint.
class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const noexcept { return descriptor_ >= 0; }
  /// False when the other side took no more.
  bool send(std::string_view bytes) const;
  /// All that comes until the other side closes; waits at most 10 s for each part.
  [[nodiscard]] std::string read_all() const;

 private:
  int descriptor_;
};

struct HttpAnswer {
  int status = 0;  ///< 0: no answer
  std::string body;
  std::string content_type;
};
[[nodiscard]] HttpAnswer parse_answer(const std::string& text);

}  // namespace annals::tests
