#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"

namespace annals::postgres {

/// Parameters of one statement over libpq, in PostgreSQL's binary wire form (network byte order, no escaping).
/// Not thread-safe; reusable after clear(), keeping its memory.
class Params {
 public:
  Params& null();
  Params& text(std::string_view value);
  Params& optional_text(std::string_view value);  ///< NULL when empty
  Params& bigint(std::int64_t value);
  Params& integer(std::int32_t value);
  Params& smallint(std::int16_t value);
  Params& boolean(bool value);
  Params& bytea(std::string_view value);
  Params& uuid(const EventId& value);
  Params& timestamptz(Timestamp value);

  // One-dimensional arrays. A disengaged element is NULL.
  Params& text_array(std::span<const std::optional<std::string_view>> values);
  Params& bytea_array(std::span<const std::string_view> values);
  Params& uuid_array(std::span<const EventId> values);
  Params& smallint_array(std::span<const std::int16_t> values);
  Params& bigint_array(std::span<const std::int64_t> values);
  Params& timestamptz_array(std::span<const std::optional<Timestamp>> values);

  void clear() noexcept;
  [[nodiscard]] int size() const noexcept { return static_cast<int>(slots_.size()); }

  /// The three parallel arrays that PQexecParams takes; valid until the next call of a non-const method.
  struct Wire {
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
  };
  [[nodiscard]] Wire wire() const;
  /// Appends all of them to `out` as one row of COPY's binary form.
  void append_row_to(std::string& out) const;

 private:
  struct Slot {
    std::size_t offset;
    int length;  // -1 is NULL
  };
  template <class Write>
  Params& add(Write write);
  std::string buffer_;
  std::vector<Slot> slots_;
};

}  // namespace annals::postgres
