#pragma once
#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace annals::tests {

/// How the program was started and what came of it.
struct Finished {
  int code = -1;    ///< exit status; 128 + n when signal n ended it
  std::string out;  ///< standard output
  std::string err;  ///< standard error
};

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

/// The built `annals` while it runs, with pipes on all three standard streams. The destructor kills it if need be.
class Program {
 public:
  explicit Program(const Arguments& arguments, const Environment& environment = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void write(std::string_view text);
  void close_input();
  void close_output();
  /// The next line of standard output; fails after 20 s.
  std::string read_line();
  void signal(int number);
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Reads both outputs to their ends and waits.
  Finished finish();

 private:
  bool read_some(int& descriptor, std::string& text, int timeout_ms);
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string out_text_;
  std::string err_text_;
};

/// Runs the program to its end with `input` on its standard input.
[[nodiscard]] Finished run(const Arguments& arguments, const std::string& input = {},
                           const Environment& environment = {});

/// A directory of its own, removed at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::string path_;
};

[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view text);
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

}  // namespace annals::tests
