#pragma once
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/outbox/sink.hpp"

namespace annals::tests {

/// Publishes to an append-only file, one line "position key payload" a message; what was "published" outlives the
/// process. Like a producer it works behind the caller's back in batches of its own: at any moment a part of what it
/// accepted is out and reported, a part is out and unreported, and a part is still in memory.
class FileSink final : public outbox::Sink {
 public:
  /// Refuses the message with the payload `refused`.
  explicit FileSink(const std::string& path, std::string refused = {})
      : refused_(std::move(refused)), file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
    if (file_ < 0) throw std::system_error{errno, std::generic_category(), path};
  }
  ~FileSink() override { ::close(file_); }

  Send send(const outbox::MessageView& message) override {
    if (!refused_.empty() && message.payload == refused_) throw Error{ErrorKind::refused, "told to refuse it"};
    accepted_.push_back({message.ticket, fmt::format("{} {} {}\n", message.position, message.key, message.payload)});
    if (accepted_.size() % batch_messages == 0) write_some();
    return Send::accepted;
  }

  void poll(std::chrono::milliseconds, std::vector<outbox::Delivery>& deliveries) override {
    if (written_.empty()) write_some();
    if (written_.empty()) return;
    if (::fdatasync(file_) != 0) throw std::system_error{errno, std::generic_category(), "fdatasync"};
    for (const auto ticket : written_)
      deliveries.push_back({.ticket = ticket, .outcome = outbox::Delivery::Outcome::delivered});
    written_.clear();
  }

 private:
  static constexpr std::size_t batch_messages = 5;
  struct Accepted {
    std::int64_t ticket;
    std::string line;
  };

  void write_some() {
    for (std::size_t i = 0; i < batch_messages && !accepted_.empty(); ++i) {
      const auto& line = accepted_.front().line;
      if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        throw std::system_error{errno, std::generic_category(), "write"};
      }
      written_.push_back(accepted_.front().ticket);
      accepted_.pop_front();
    }
  }

  std::string refused_;
  int file_;
  std::deque<Accepted> accepted_;
  std::vector<std::int64_t> written_;
};

}  // namespace annals::tests
