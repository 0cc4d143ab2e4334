#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "annals/outbox/sink.hpp"
#include "host/text/line_output.hpp"

namespace annals::relayd {

/// Writes each message as one line of JSON with the names of CloudEvents; a payload that is JSON is there as it is
/// ("data"), any other in base64 ("data_base64"). For trying the relay without a broker, and for pipes.
///
/// A message counts as delivered when its line has been written to the descriptor; what a crash of the machine takes
/// from a file after that is not the sink's matter.
///
/// Thread safety  none; several sinks on one LineOutput are safe. Ownership: borrows the LineOutput.
/// Errors         as LineOutput; what is not reported yet is undecided then.
/// Limits         queue_bytes_max, or one message when it alone is larger.
class JsonLinesSink final : public outbox::Sink {
 public:
  /// `database`: named in each line, when it has a name.
  JsonLinesSink(host::LineOutput& output, std::size_t queue_bytes_max, std::string database = {})
      : output_(output), queue_bytes_max_(queue_bytes_max), database_(std::move(database)) {}
  JsonLinesSink(const JsonLinesSink&) = delete;
  JsonLinesSink& operator=(const JsonLinesSink&) = delete;
  ~JsonLinesSink() override { output_.abandon(this); }

  [[nodiscard]] Send send(const outbox::MessageView& message) override;
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override;

 private:
  struct Pending {
    std::int64_t ticket;
    std::size_t end;  // in all bytes ever queued
  };
  host::LineOutput& output_;
  const std::size_t queue_bytes_max_;
  const std::string database_;
  std::string queue_;        // from written_ on
  std::size_t written_ = 0;  // of all bytes ever queued
  std::deque<Pending> pending_;
};

/// The line with its end; without a name of the database there is no such member.
void append_json_line(std::string& out, const outbox::MessageView& message, std::string_view database = {});

}  // namespace annals::relayd
