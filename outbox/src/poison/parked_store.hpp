#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/params.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// A topic and a key of it.
using TopicKey = std::pair<std::string, std::string>;

/// A message that is to be set aside, and why.
struct ParkedEntry {
  PoisonPolicy policy = PoisonPolicy::park;
  std::string reason = {};  ///< empty: it waits behind another
  std::string dead_letter_topic = {};
};

/// The rows of relay_parked of one relay and log, written by the relay that owns it. What a method has written is on disk when
/// it returns: the broker's record, or a checkpoint, may then pass over it.
///
/// Thread safety  none. Ownership: borrows the connection. Errors: those of Connection.
class ParkedStore {
 public:
  ParkedStore(postgres::Connection& connection, const postgres::MessageLog& log, std::string relay);

  /// Keys of which something waits, each with the position of the first.
  [[nodiscard]] std::map<TopicKey, std::int64_t> closed_keys();
  /// A message that a run will meet again, because its checkpoint is not past it.
  struct Recent {
    MessageSource::Place place;
    ParkedEntry entry;
  };
  [[nodiscard]] std::vector<Recent> recent(std::int64_t after);
  struct News {
    bool anything_waits = false;
    std::int64_t decision = 0;  ///< the last one
  };
  [[nodiscard]] News news();

  /// Remembers it until write(); what is there already stays as it is.
  void add(const MessageView& message, const ParkedEntry& entry);
  [[nodiscard]] std::size_t unwritten() const noexcept { return unwritten_.size(); }
  void write();

  /// A message that may be published, or given up, now.
  struct Due {
    std::int64_t place = 0;
    std::int64_t decision = 0;  ///< 0: none was needed
    bool skip = false;
    MessageView view;  ///< without a ticket; its texts hold until the next due()
  };
  /// The first of them, in order.
  [[nodiscard]] std::vector<Due> due(std::size_t rows_max, std::size_t bytes_max);
  /// The last due() left some out because of bytes_max.
  [[nodiscard]] bool left_out() const noexcept { return due_.truncated(); }
  /// They are about to be sent in a transaction that names this batch.
  void begin(const std::vector<std::int64_t>& places, const EventId& batch);
  /// These are not, after all.
  void withdraw(const std::vector<std::int64_t>& places);
  [[nodiscard]] std::vector<std::int64_t> of_batch(const EventId& batch);
  enum class Outcome { published, skipped };
  void finish(const std::vector<std::int64_t>& places, Outcome outcome);
  /// It was tried again, and cannot be published still.
  void refuse(std::int64_t place, std::int64_t decision, std::string_view reason);
  /// Its dead-letter topic does not take it either.
  void keep(const MessageSource::Place& place, std::string_view reason);

 private:
  template <class Work>
  void on_disk(Work work);
  [[nodiscard]] postgres::Params mine() const;
  [[nodiscard]] std::string render(std::string_view statement) const;

  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  std::string relay_;
  std::vector<postgres::Params> unwritten_;
  postgres::RowBatch due_;
};

}  // namespace annals::outbox
