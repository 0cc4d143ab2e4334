#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "client/client.hpp"
#include "transaction/transaction.hpp"

namespace annals::kafka {

/// The topic in which transactions leave their records, by id: the last one that was committed counts. checkpoint_topic.cpp
/// opens with how it is read.
///
/// Lifecycle      construct -> poll() now and then -> read(). Thread safety: none, but connected() may be called from any
///                thread. Errors: Error{invalid} from the constructor, a setting is refused.
class CheckpointTopic {
 public:
  /// `settings` as the producer has them.
  CheckpointTopic(const Settings& settings, std::string name, std::chrono::milliseconds answer_timeout);

  /// Takes in what the client has to tell, so that connected() is so.
  void poll();
  [[nodiscard]] bool connected() const noexcept { return state_.connected.load(std::memory_order_relaxed); }

  /// The record of `id`; empty when there is none. Makes the topic when there is none. To be called after the id was taken
  /// over, so that nothing of it is undecided. Throws Error{disconnected, not_ready}.
  [[nodiscard]] std::string read(const std::string& id, const KeepAlive& keep_alive);
  /// The same for somebody who looks on: of what is decided now, whoever has the id. Makes no topic; without one there is no
  /// record.
  [[nodiscard]] std::string look(const std::string& id, const KeepAlive& keep_alive);

 private:
  enum class End {
    of_all,      ///< the high watermark
    of_decided,  ///< the first transaction that is open
  };
  struct Wait {
    Deadline deadline;
    const KeepAlive& keep_alive;
    End end = End::of_all;
  };
  struct Range {
    std::int64_t from;
    std::int64_t end;
  };
  [[nodiscard]] std::string last_record(const std::string& id, const Wait& wait);
  [[nodiscard]] std::string find(const std::string& id, Range range, const Wait& wait);
  [[nodiscard]] std::optional<std::int64_t> known_end(std::int64_t at_least);
  [[nodiscard]] rd_kafka_resp_err_t ask(const Deadline& deadline);
  void require(const Wait& wait);
  void create(const Deadline& deadline);
  void require_compacted(const Deadline& deadline);

  std::string name_;
  std::chrono::milliseconds answer_timeout_;
  ClientState state_;  // before the client, whose callbacks write into it
  ClientHandle client_;
};

}  // namespace annals::kafka
