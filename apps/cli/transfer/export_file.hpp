#pragma once
#include <memory>
#include <string>
#include <string_view>

struct gzFile_s;

namespace annals::cli {

/// Where an export goes: standard output, or a file that appears under its name only when it is complete; gzip when the
/// name ends in ".gz".
///
/// Lifecycle  construct -> write() -> finish(); without finish() the destructor removes what was written. Thread safety:
///            none. Errors: Failure; BrokenPipe when the reader of standard output has gone.
class ExportFile {
 public:
  /// An empty path or "-" is standard output. What is not a regular file (a pipe, /dev/null) is written to directly. A new
  /// file is its owner's alone; one that is replaced keeps its mode. A link to a file is refused.
  explicit ExportFile(const std::string& path);
  ~ExportFile();
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;

  void write(std::string_view text);
  /// Makes the file durable and gives it its name.
  void finish();

 private:
  struct Close {
    void operator()(gzFile_s* file) const noexcept;
  };
  [[noreturn]] void fail(std::string_view what) const;
  [[nodiscard]] int open();
  std::string path_;       // empty: standard output
  std::string temporary_;  // empty: written in place
  int descriptor_ = -1;    // a second one for the same file, for fsync
  std::unique_ptr<gzFile_s, Close> file_;
};

}  // namespace annals::cli
