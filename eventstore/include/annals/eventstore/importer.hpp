#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "annals/core/error.hpp"
#include "annals/core/event.hpp"
#include "annals/core/stream_name.hpp"
#include "annals/core/stream_version.hpp"
#include "annals/postgres/database.hpp"

namespace annals::eventstore {

/// One event of an import; with a version it must land exactly there.
struct ImportedEvent {
  StreamName stream;
  NewEvent event;
  std::optional<StreamVersion> version = std::nullopt;
};

struct ImportReport {
  std::size_t imported = 0;
  std::size_t already_present = 0;  ///< left as they are
  std::size_t streams_created = 0;
};

/// Error{refused}: an event of a chunk does not fit what the log has.
class ImportRefused : public Error {
 public:
  ImportRefused(std::size_t index, std::string_view message, Details details)
      : Error(ErrorKind::refused, message, std::move(details)), index_(index) {}
  /// Of the event in its chunk.
  [[nodiscard]] std::size_t index() const noexcept { return index_; }

 private:
  std::size_t index_;
};

/// Loads history into the log: chunk after chunk, each one a transaction with one COPY, in the order given. Nothing is
/// expected of the streams, except that an event with a version must land there.
///
/// What is there  an event with a version that the log has at that place with the same id, type and data counts as already
///                present. Events without versions are compared from the first on, until one is new: from then on every
///                one is appended; until then the names of their streams are kept in memory. So a run that ended early is
///                made again from the start, and goes on where it ended, whatever others have appended meanwhile.
/// Lifecycle      construct (connects) -> add() chunks in order -> destroy. After an Error throw it away: of its chunk
///                nothing is in the log, or, after Error{in_doubt}, either nothing or all.
/// Thread safety  none: one thread at a time.
/// Ownership      one session of its own, and until its end the right to import into the log: another one waits in its
///                constructor, lock_timeout long, and then throws Error{overloaded}. While a chunk is on its way, appends
///                to its streams wait, and readers of the log wait in front of it; a program that is frozen in the middle
///                of one holds them until it goes on or its session is ended: no time-out of the server is heard there.
/// Errors         annals::Error: ImportRefused names the event by its index; {invalid} for an event that breaks a limit.
///                What another writer's transaction made impossible is tried again, five times.
/// Limits         chunk_events_max and limits::append_bytes_max a chunk.
class Importer {
 public:
  static constexpr std::size_t chunk_events_max = 50'000;

  struct Options {
    /// Compares and checks everything, and writes nothing. Price: it keeps the name of every stream in memory. Two events
    /// for one place in chunks apart are not compared: the later counts as already present.
    bool dry_run = false;
  };

  explicit Importer(const postgres::Database& database) : Importer(database, Options{}) {}
  Importer(const postgres::Database& database, Options options);
  ~Importer();
  Importer(Importer&&) noexcept;
  Importer& operator=(Importer&&) noexcept;
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;

  ImportReport add(std::span<const ImportedEvent> chunk);
  /// How many events the next chunk should have: as many as take a quarter of a second, by what the last one took.
  [[nodiscard]] std::size_t chunk_events() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::eventstore
