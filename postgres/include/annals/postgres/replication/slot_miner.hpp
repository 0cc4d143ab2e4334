#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "annals/postgres/database.hpp"
#include "annals/postgres/replication/change_feed.hpp"
#include "annals/postgres/replication/lsn.hpp"

namespace annals::postgres {

/// Carries the backlog of a logical slot in batches, as rows of a COPY: several times as many a second as a walsender, which sends each
/// change by itself. While one batch is taken the server decodes the next. slot_miner.cpp opens with how.
///
/// Lifecycle      the constructor opens a session of its own, a batch ahead another -> next(), wait(), keep_alive() until is_done() -> destroy.
/// Thread safety  none.
/// Errors         Error{overloaded}: no slot is free for the reader's mark (53400), the server has no room for a batch, or it did not
///                end in time (57014): then a ReplicationStream from the same place does it; else what the server said.
/// Limits         next() waits for no batch. One row is in memory, and at most 64 KB of what comes after it; the server keeps two
///                batches at most, and one transaction is a batch however large it is. A statement is open until its batch is taken:
///                whoever cannot go on for longer than stall_max must give the miner up.
class SlotMiner final : public ChangeFeed {
 public:
  struct Options {
    std::string slot;         ///< a plain identifier
    std::string publication;  ///< a plain identifier
    Lsn start;                ///< transactions whose commit begins before it are passed over
    Lsn confirmed = {};       ///< what is known to be confirmed
    bool messages = false;    ///< pg_logical_emit_message, too: PostgreSQL 14
    ValueForm values = ValueForm::binary;
    /// Of write-ahead log, in one batch. The server reads again what follows its last snapshot of running transactions (one is written
    /// every 15 s) with each batch: smaller ones cost it time, larger ones room.
    std::uint64_t batch_bytes = 256U << 20U;
    /// Less is not worth a batch: it is left to a stream.
    std::uint64_t worth_bytes = 16U << 20U;
    std::chrono::milliseconds stall_max{5'000};
  };

  SlotMiner(Database database, Options options);
  ~SlotMiner() override;
  SlotMiner(const SlotMiner&) = delete;
  SlotMiner& operator=(const SlotMiner&) = delete;

  [[nodiscard]] std::optional<Change> next() override;
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  [[nodiscard]] Lsn passed() const noexcept override { return passed_; }
  void confirm(Lsn lsn) noexcept override;
  /// The statement does without; see is_stalled().
  void keep_alive() override {}

  /// What is left was not worth a batch when it last looked: a stream carries it sooner.
  [[nodiscard]] bool is_done() const noexcept { return done_; }
  /// Nobody has called next() for stall_max, while rows of a batch were waiting.
  [[nodiscard]] bool is_stalled() const;

 private:
  struct Reader;
  [[nodiscard]] bool is_worth_a_batch() const;
  [[nodiscard]] bool begin(Reader& reader);
  void begin_ahead();
  [[nodiscard]] bool make_second();
  void end_batch();

  Options options_;
  Database database_;
  std::unique_ptr<Reader> reader_;  // the batch that is taken
  std::unique_ptr<Reader> ahead_;   // the next one
  bool alone_ = false;              // there is no room for a second reader
  bool done_ = false;
  Lsn passed_;
  Lsn written_;  // of the log, when a batch was begun last
  Lsn reached_;  // the end of the last batch that was begun
  Lsn confirmed_;
  Lsn kept_from_;  // the slot stands there, or behind it
  std::uint64_t reach_;
  std::chrono::steady_clock::time_point taken_at_;
};

}  // namespace annals::postgres
