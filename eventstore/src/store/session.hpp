#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/event.hpp"
#include "annals/eventstore/append_result.hpp"
#include "annals/eventstore/event_store.hpp"
#include "append/append_statement.hpp"
#include "store/statements.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::eventstore {

/// An event that an earlier append may have left.
struct PresentEvent {
  EventId id;
  std::string type;
  std::string data;
};

/// The statements of the event store over one kind of session. Two kinds: the caller's libpqxx transaction, and a libpq
/// connection of our own in autocommit.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  /// Nothing when the stream was not at the expected version.
  virtual std::optional<Appended> append(const AppendRequest& request) = 0;
  virtual std::optional<StreamVersion> head(const StreamName& stream) = 0;
  virtual std::vector<PresentEvent> present(const StreamName& stream, StreamVersion after, std::size_t limit) = 0;
  virtual std::vector<RecordedEvent> read(const StreamName& stream, const ReadStreamOptions& options) = 0;
};

/// In the caller's transaction; exceptions of libpqxx become annals::Error.
class PqxxSession final : public Session {
 public:
  PqxxSession(const Statements& statements, pqxx::transaction_base& tx) : statements_(statements), tx_(tx) {}
  std::optional<Appended> append(const AppendRequest& request) override;
  std::optional<StreamVersion> head(const StreamName& stream) override;
  std::vector<PresentEvent> present(const StreamName& stream, StreamVersion after, std::size_t limit) override;
  std::vector<RecordedEvent> read(const StreamName& stream, const ReadStreamOptions& options) override;

 private:
  const Statements& statements_;
  pqxx::transaction_base& tx_;
};

/// One round trip a call.
class LibpqSession final : public Session {
 public:
  LibpqSession(const Statements& statements, postgres::Connection& connection)
      : statements_(statements), connection_(connection) {}
  std::optional<Appended> append(const AppendRequest& request) override;
  std::optional<StreamVersion> head(const StreamName& stream) override;
  std::vector<PresentEvent> present(const StreamName& stream, StreamVersion after, std::size_t limit) override;
  std::vector<RecordedEvent> read(const StreamName& stream, const ReadStreamOptions& options) override;

 private:
  const Statements& statements_;
  postgres::Connection& connection_;
};

}  // namespace annals::eventstore
