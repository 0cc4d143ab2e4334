#pragma once
#include "program.hpp"

namespace annals::tests {

/// The built `annals` in a pseudo-terminal of its own, as a person sees it. TERM is xterm and NO_COLOR is not set, unless the
/// environment says otherwise. The destructor kills it if need be.
class Terminal {
 public:
  explicit Terminal(const Arguments& arguments, const Environment& environment = {}, unsigned short columns = 80);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void press(std::string_view keys);
  /// Reads on until `text` has been on the screen; fails after 20 s.
  void wait_for(std::string_view text);
  /// Reads to the end and waits: everything that was written to the terminal since it began is in `out`.
  Finished finish();

 private:
  bool read_some();
  pid_t pid_ = -1;
  int master_ = -1;
  std::string screen_;
};

[[nodiscard]] Finished run_in_terminal(const Arguments& arguments, const Environment& environment = {},
                                       unsigned short columns = 80);

}  // namespace annals::tests
