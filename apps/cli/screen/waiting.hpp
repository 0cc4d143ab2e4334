#pragma once
#include <string>
#include <thread>

namespace annals::cli {

/// While one lives, and after the first second, a StatusLine says what is being done and for how long: for the one statement
/// of the server of which nobody knows how far it is. A thread of its own counts. Nothing else may be printed meanwhile.
class Waiting {
 public:
  explicit Waiting(std::string text);

 private:
  std::jthread thread_;
};

}  // namespace annals::cli
