#pragma once
#include <span>
#include <string_view>

namespace annals::roles {

/// The kinds of program and of people that a database of Annals knows. The owner is none of them: nobody owns and serves.
enum class Kind {
  writer,
  outbox_relay,
  events_relay,
  wal_relay,
  projector,
  consumer,
  claim_reader,
  reader,
  operate,
  doctor
};

/// As options and messages name it: "outbox-relay"; `operate` is "operator".
[[nodiscard]] std::string_view to_string(Kind kind) noexcept;

/// One right of the matrix on a table, a sequence or a function, as GRANT takes it: "SELECT, INSERT (name, version)".
struct Right {
  Kind kind;
  std::string_view table;
  std::string_view rights;
};

/// The matrix: everything that is granted, and nothing else is. docs/security.md shows it, and a test compares them.
[[nodiscard]] std::span<const Right> matrix() noexcept;
/// Every table that Annals makes, those too on which some have no right.
[[nodiscard]] std::span<const std::string_view> tables() noexcept;
/// The sequences of Annals: what they gave out may be looked at by some, and nobody may set them.
[[nodiscard]] std::span<const std::string_view> sequences() noexcept;
/// The functions of Annals that not everybody may call: they run as the owner. With their arguments: "outbox_maintain()".
[[nodiscard]] std::span<const std::string_view> functions() noexcept;

}  // namespace annals::roles
