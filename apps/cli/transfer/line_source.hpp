#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct gzFile_s;

namespace annals::cli {

/// The lines of a file or of standard input ("-"), plain or gzip: told apart by their first bytes, not by the name.
///
/// Lifecycle      construct (opens) -> next() until it returns false -> destroy. Thread safety: none.
/// Errors         Failure naming the file: it cannot be read, its gzip data is damaged or ends too early, a line is too
///                long.
/// Limits         line_bytes_max; memory is one line and one block, whatever the size of the file.
class LineSource {
 public:
  /// The largest event in base64 with all its metadata, and room for blanks and escapes.
  static constexpr std::size_t line_bytes_max = 64U << 20U;

  explicit LineSource(const std::string& path);

  /// The next line without its end; false after the last. The view is valid until the next call.
  bool next(std::string_view& line);
  /// Number of the line that next() returned, from 1 on.
  [[nodiscard]] std::size_t line_number() const noexcept { return line_number_; }
  /// How it is called in messages: the path, or "standard input".
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Part of the file's bytes, as they are on disk, that have been read: 0 to 1; 0 when its size is not known.
  [[nodiscard]] double fraction_read() const noexcept;

 private:
  struct Close {
    void operator()(gzFile_s* file) const noexcept;
  };
  bool fill();
  [[nodiscard]] std::string_view take(std::size_t length, std::size_t separator);

  std::string name_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::int64_t file_bytes_ = 0;
  std::string buffer_;  // what has been read and not yet taken begins at begin_
  std::size_t begin_ = 0;
  std::size_t searched_ = 0;  // no line end before here
  std::size_t line_number_ = 0;
};

}  // namespace annals::cli
