#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "annals/outbox/destination.hpp"
#include "annals/outbox/sink.hpp"

namespace annals::outbox {

/// Port: a Sink whose messages and one record that says how far they go become visible together, or not at all. Implemented
/// by kafka::KafkaTransactionalSink.
///
/// Contract, beyond that of a Sink
///  - open() shuts out whoever opened the same id before: nothing that it sent without committing ever becomes visible, and it
///    commits nothing more;
///  - after commit() returned committed, exactly what was sent since the commit before becomes visible, and the next open() of
///    the id returns that record, in this process or any other;
///  - after any other answer nothing more is committed: open() of a new one tells what counts.
///
/// Lifecycle      construct -> poll() as often as you like -> open() once -> send(), poll(), commit() -> destroy.
/// Thread safety  none: one thread.
/// Errors         as Sink; open() and commit() also Error{not_ready}: the other side is not prepared for it.
class TransactionalSink : public Sink {
 public:
  using Commit = Destination::Commit;
  /// Called every second or so of a wait; throws when waiting has become pointless.
  using KeepAlive = std::function<void()>;

  /// The record that was committed last under `id`; empty: none was. Records are not empty.
  [[nodiscard]] virtual std::string open(const std::string& id, const KeepAlive& keep_alive) = 0;
  /// To be called when everything sent is reported as delivered; waits for the answer.
  [[nodiscard]] virtual Commit commit(std::string_view record, const KeepAlive& keep_alive) = 0;
  /// Why the last commit() was not committed.
  [[nodiscard]] virtual std::string reason() const = 0;
};

}  // namespace annals::outbox
