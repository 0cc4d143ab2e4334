#include "cli/transfer/export_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/failure.hpp"

namespace annals::cli {
namespace {

constexpr unsigned buffer_bytes = 256U << 10U;
constexpr const char* compressed = "wb6";
constexpr const char* plain = "wbT";

/// What stands under the name now.
struct Place {
  explicit Place(const std::string& path) {
    struct stat status {};
    exists = ::lstat(path.c_str(), &status) == 0;
    mode = status.st_mode;
    is_link = exists && S_ISLNK(mode);
    owner = status.st_uid;
    group = status.st_gid;
  }
  [[nodiscard]] bool is_file() const noexcept { return exists && S_ISREG(mode); }

  bool exists = false;
  bool is_link = false;
  mode_t mode = 0;
  uid_t owner = 0;
  gid_t group = 0;
};

/// A pipe or a device, also by a link such as /dev/stdout. Never makes, cuts or fills a file, whatever the name has come
/// to mean in the meantime: -1 and EMLINK then.
int open_device(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  struct stat status {};
  if (descriptor < 0 || (::fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode))) return descriptor;
  ::close(descriptor);
  errno = EMLINK;
  return -1;
}

/// The directory's own entry for the new name.
void sync_directory(const std::string& path) noexcept {
  const auto parent = std::filesystem::path{path}.parent_path();
  const int descriptor = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

void ExportFile::Close::operator()(gzFile_s* file) const noexcept { gzclose_w(file); }

void ExportFile::fail(std::string_view what) const {
  if (errno == EPIPE) throw BrokenPipe{};
  throw Failure{host::ExitCode::failed,
                fmt::format("cannot {} {}: {}", what, path_.empty() ? "standard output" : path_, std::strerror(errno)),
                path_.empty() ? "check what standard output leads to, and the space there"
                              : "check the directory and the space on its disk"};
}

int ExportFile::open() {
  if (path_.empty()) return ::dup(1);
  const Place place{path_};
  if (place.exists && !place.is_file()) {
    const int descriptor = open_device(path_);
    if (descriptor >= 0 || (errno != EMLINK && !(place.is_link && errno == ENOENT))) return descriptor;
    throw Failure{host::ExitCode::usage,
                  fmt::format("{} is a link: the export would replace it or what it points to", path_),
                  "give the name of the file itself, or - for standard output"};
  }
  temporary_ = fmt::format("{}.{}.tmp", path_, ::getpid());
  const int descriptor = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor < 0 || !place.is_file()) return descriptor;
  // As whoever made the file wanted it. Another owner only root can give; without it, nobody else gets more than before.
  const bool same = ::fchown(descriptor, place.owner, place.group) == 0;
  static_cast<void>(::fchmod(descriptor, place.mode & (same ? 0777U : 0700U)));
  return descriptor;
}

ExportFile::ExportFile(const std::string& path) : path_(path == "-" ? "" : path) {
  const int opened = open();
  if (opened < 0) {
    temporary_.clear();
    fail("write");
  }
  descriptor_ = ::fcntl(opened, F_DUPFD_CLOEXEC, 0);
  file_.reset(gzdopen(opened, path_.ends_with(".gz") ? compressed : plain));
  if (!file_) fail("write");
  gzbuffer(file_.get(), buffer_bytes);
}

ExportFile::~ExportFile() {
  file_.reset();
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void ExportFile::write(std::string_view text) {
  if (text.empty()) return;
  if (gzwrite(file_.get(), text.data(), static_cast<unsigned>(text.size())) <= 0) fail("write");
}

void ExportFile::finish() {
  if (gzclose_w(file_.release()) != Z_OK) fail("write");
  if (temporary_.empty()) return;
  if (::fsync(descriptor_) != 0) fail("write");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename the finished export to");
  temporary_.clear();
  sync_directory(path_);
}

}  // namespace annals::cli
