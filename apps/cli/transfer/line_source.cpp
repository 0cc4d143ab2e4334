#include "cli/transfer/line_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "cli/failure.hpp"
#include "host/process/stop_signals.hpp"

namespace annals::cli {
namespace {

constexpr std::size_t block_bytes = 256U << 10U;

bool is_folder(int descriptor) noexcept {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

int open_descriptor(const std::string& path) {
  const int descriptor = path == "-" ? ::dup(0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor >= 0 && !is_folder(descriptor)) return descriptor;
  const int reason = descriptor >= 0 ? EISDIR : errno;
  if (descriptor >= 0) ::close(descriptor);
  throw Failure{host::ExitCode::usage, fmt::format("cannot open {}: {}", path, std::strerror(reason)),
                "give the path of a file, or - for standard input"};
}

/// Without the name that zlib gives what was opened by another: "<fd:3>: ".
std::string_view without_place(std::string_view reason) {
  const auto end = reason.find(">: ");
  return reason.starts_with("<fd:") && end != std::string_view::npos ? reason.substr(end + 3) : reason;
}

std::int64_t size_of(int descriptor) noexcept {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : 0;
}

}  // namespace

void LineSource::Close::operator()(gzFile_s* file) const noexcept { gzclose_r(file); }

LineSource::LineSource(const std::string& path) : name_(path == "-" ? "standard input" : path) {
  const int descriptor = open_descriptor(path);
  file_bytes_ = size_of(descriptor);
  file_.reset(gzdopen(descriptor, "rb"));
  if (!file_)
    throw Failure{host::ExitCode::failed, fmt::format("cannot read {}: out of memory", name_),
                  "free some memory, then repeat"};
  gzbuffer(file_.get(), block_bytes);
}

bool LineSource::fill() {
  buffer_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  const auto kept = buffer_.size();
  buffer_.resize(kept + block_bytes);
  const int count = gzread(file_.get(), buffer_.data() + kept, static_cast<unsigned>(block_bytes));
  buffer_.resize(kept + static_cast<std::size_t>(count > 0 ? count : 0));
  int code = Z_OK;
  const std::string_view reason = gzerror(file_.get(), &code);
  if (code == Z_ERRNO && errno == EINTR && host::stop_requested()) throw_interrupted();
  if (code != Z_OK && code != Z_STREAM_END) {
    throw Failure{code == Z_ERRNO ? host::ExitCode::failed : host::ExitCode::usage,
                  fmt::format("{}:{}: cannot read on: {}", name_, line_number_ + 1, without_place(reason)),
                  "the file is damaged or incomplete: fetch it again"};
  }
  return count > 0;
}

std::string_view LineSource::take(std::size_t length, std::size_t separator) {
  const auto line = std::string_view{buffer_}.substr(begin_, length);
  begin_ += length + separator;
  searched_ = begin_;
  ++line_number_;
  return line;
}

bool LineSource::next(std::string_view& line) {
  while (true) {
    const auto end = buffer_.find('\n', searched_);
    if (end != std::string::npos) {
      line = take(end - begin_, 1);
      return true;
    }
    searched_ = buffer_.size();
    if (buffer_.size() - begin_ > line_bytes_max) {
      throw Failure{host::ExitCode::usage,
                    fmt::format("{}:{}: the line is longer than {} bytes", name_, line_number_ + 1, line_bytes_max),
                    "one event is one line; is this JSON Lines?"};
    }
    if (!fill()) break;
  }
  if (begin_ == buffer_.size()) return false;
  line = take(buffer_.size() - begin_, 0);
  return true;
}

double LineSource::fraction_read() const noexcept {
  if (file_bytes_ == 0) return 0;
  return static_cast<double>(gzoffset(file_.get())) / static_cast<double>(file_bytes_);
}

}  // namespace annals::cli
