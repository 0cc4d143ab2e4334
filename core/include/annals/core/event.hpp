#pragma once
#include <optional>
#include <string>

#include "annals/core/content_type.hpp"
#include "annals/core/event_id.hpp"
#include "annals/core/global_position.hpp"
#include "annals/core/metadata.hpp"
#include "annals/core/stream_name.hpp"
#include "annals/core/stream_version.hpp"
#include "annals/core/timestamp.hpp"

namespace annals {

/// An event that has not been appended yet. `data` is opaque to Annals; a std::string only because that is what
/// Protobuf and JSON libraries make.
struct NewEvent {
  std::string type;  ///< stable name, 1 to limits::event_type_bytes_max bytes, such as "shop.v1.OrderPlaced"
  std::string data;  ///< at most limits::event_data_bytes_max bytes
  ContentType content_type = ContentType::protobuf;
  Metadata metadata = {};
  EventId id = EventId::generate();  ///< keep it when you retry: appends are idempotent by id
  /// Business time, when it differs from the time of the append; of the years 1 to 9999.
  std::optional<Timestamp> occurred_at = std::nullopt;
};

/// An event as the log holds it; it never changes again.
struct RecordedEvent {
  GlobalPosition position;
  StreamName stream = StreamName::from_database({});
  StreamVersion version;
  EventId id;
  std::string type;
  ContentType content_type = ContentType::protobuf;
  std::string data;
  Metadata metadata;
  Timestamp recorded_at;                 ///< the database's clock at the append
  std::optional<Timestamp> occurred_at;  ///< as given by the producer

  /// Business time where there is one, else the time of the append.
  [[nodiscard]] Timestamp time() const noexcept { return occurred_at.value_or(recorded_at); }
};

/// Throws Error{invalid} naming the member that breaks a limit.
void require_valid(const NewEvent& event);
/// Throws Error{invalid} unless the time, where there is one, lies in the years 1 to 9999.
void require_occurred_at(std::optional<Timestamp> time);
/// Type, data and metadata: what counts against limits::append_bytes_max.
[[nodiscard]] std::size_t byte_size(const NewEvent& event) noexcept;

}  // namespace annals
