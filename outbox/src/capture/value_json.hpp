#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace annals::outbox {

/// How the values of a PostgreSQL type are written in JSON.
struct ValueForm {
  enum class Kind : std::uint8_t {
    text,  ///< a string of what the type's output function gives; numeric, too, which most readers of JSON would round
    boolean,
    integer,    ///< a number, digit by digit
    real,       ///< a number; NaN and the infinities, which JSON has not, as strings
    json,       ///< as it is
    bytes,      ///< base64
    timestamp,  ///< RFC 3339, without an offset
    instant,    ///< RFC 3339, in UTC
  };
  Kind kind = Kind::text;
  bool is_array = false;  ///< an array of these, nested as it has dimensions

  bool operator==(const ValueForm&) const = default;
};

/// Of a type of PostgreSQL's own; text for any other.
[[nodiscard]] ValueForm value_form(std::uint32_t type) noexcept;
/// The same by the type's name in pg_catalog: what a domain is made of is told so.
[[nodiscard]] ValueForm value_form(std::string_view type_name) noexcept;

/// Appends what the type's output function gives (postgres::ValueForm::text) as one JSON value. What is not in the form that the type has
/// is written as a string: nothing is lost, and what comes out is always JSON.
void append_value(std::string& out, ValueForm form, std::string_view text);

}  // namespace annals::outbox
