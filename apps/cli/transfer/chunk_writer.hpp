#pragma once
#include <cstddef>
#include <future>
#include <vector>

#include "annals/eventstore/importer.hpp"

namespace annals::cli {

/// Events that are imported together, and the lines that they come from.
struct Chunk {
  std::vector<eventstore::ImportedEvent> events;
  std::vector<std::size_t> lines;
  std::size_t bytes = 0;
};

/// Writes one chunk behind the other while the next is read. Destroying it waits for the one on its way.
/// Thread safety: none; the thread that writes is its own.
class ChunkWriter {
 public:
  explicit ChunkWriter(eventstore::Importer importer) : importer_(std::move(importer)) {}

  /// Begins to write. Only after settle().
  void start(Chunk chunk);
  /// Waits for the chunk on its way; throws what its writing threw, with chunk() still there.
  void settle();

  /// The chunk on its way, or the last.
  [[nodiscard]] const Chunk& chunk() const noexcept { return chunk_; }
  /// Of what is settled.
  [[nodiscard]] const eventstore::ImportReport& total() const noexcept { return total_; }
  [[nodiscard]] std::size_t last_line() const noexcept { return last_line_; }
  /// How many events the next chunk should have.
  [[nodiscard]] std::size_t chunk_events() const noexcept { return chunk_events_; }

 private:
  eventstore::Importer importer_;
  Chunk chunk_;
  eventstore::ImportReport total_;
  std::size_t last_line_ = 0;
  std::size_t chunk_events_ = importer_.chunk_events();
  std::future<eventstore::ImportReport> running_;  // last: ends before what it works on
};

}  // namespace annals::cli
