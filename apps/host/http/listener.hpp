#pragma once
#include "host/http/listen.hpp"

namespace annals::host {

/// A socket that listens, not blocking; closes it. Throws Error{invalid} when the address cannot be taken. Without
/// SO_REUSEPORT, so that no two programs share a port without a word.
class Listener {
 public:
  explicit Listener(const Listen& listen);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// The port that was taken.
  [[nodiscard]] int port() const;
  /// A connection that does not block, or -1 and errno.
  [[nodiscard]] int accept() const noexcept;

 private:
  int descriptor_ = -1;
};

}  // namespace annals::host
