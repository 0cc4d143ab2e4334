#pragma once
#include <string>

#include "client/client.hpp"

namespace annals::kafka {

/// What a failed delivery says about its message.
enum class Verdict {
  on_topic,  ///< true of every message to that topic, so of this one
  on_batch,  ///< one message of the request is to blame, or their sum: which one is known only when it went alone
  none,      ///< about the producer, the connection or the queue: says nothing about the message
};

/// Errors that nobody here knows say nothing: a message is called poison on evidence only.
[[nodiscard]] Verdict verdict_of(rd_kafka_resp_err_t error) noexcept;

}  // namespace annals::kafka
