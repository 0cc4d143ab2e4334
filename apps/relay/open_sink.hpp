#pragma once
#include <functional>
#include <memory>

#include "annals/outbox/sink.hpp"
#include "annals/outbox/transactional_sink.hpp"
#include "host/text/line_output.hpp"
#include "relay/settings/config.hpp"
#include "relay/tracing/span_queue.hpp"

namespace annals::relayd {

/// A sink and what only its own type can tell.
struct OpenSink {
  std::shared_ptr<outbox::Sink> sink;
  outbox::TransactionalSink* transactional = nullptr;  ///< the same, when it publishes exactly once
  std::function<bool()> connected = {};                ///< the other side answered lately; borrows the sink
};
using SinkFactory = std::function<OpenSink()>;

/// What makes the sinks that `config` asks for, a new one at each call; `output` is where stdout goes, `spans` where those of what goes to
/// Kafka go when tracing is on: both must outlive all. The factory throws Error{invalid} when the settings cannot work.
[[nodiscard]] SinkFactory sink_factory(const Config& config, host::LineOutput& output, SpanQueue& spans);

}  // namespace annals::relayd
