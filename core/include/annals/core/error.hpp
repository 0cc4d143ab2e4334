#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

namespace annals {

/// What a caller can do about a failure; every annals::Error has exactly one.
enum class ErrorKind {
  invalid,       ///< the caller's input is wrong: fix it, retrying is pointless
  not_ready,     ///< what this needs is not prepared: have it prepared (database, schema, roles, topic), then try again
  refused,       ///< the other side will never take this very thing (a message): change or pass over it, not the call
  failed,        ///< the operation was refused and did nothing
  overloaded,    ///< a bound was reached (pool, queue, lock): try again later
  disconnected,  ///< the other side is away and nothing was decided: reconnect and try again
  in_doubt,      ///< the connection was lost while committing: read back before trying again
  corrupt,       ///< stored data contradicts itself or belongs to another database: stop
};

[[nodiscard]] std::string_view to_string(ErrorKind kind) noexcept;

/// The one root of every failure that Annals throws. The text names the thing and ends with a hint.
///
/// Expected outcomes (a version conflict, nothing to read) are values, never Errors.
class Error : public std::runtime_error {
 public:
  struct Details {
    std::string hint = {};      ///< what to do about it; appended to what()
    std::string sqlstate = {};  ///< PostgreSQL's five characters, or empty
    bool retryable = false;
  };

  Error(ErrorKind kind, std::string_view message) : Error(kind, message, Details{}) {}
  Error(ErrorKind kind, std::string_view message, Details details);

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  /// The message alone; what() is "message. Hint: hint".
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const std::string& hint() const noexcept { return details_.hint; }
  [[nodiscard]] const std::string& sqlstate() const noexcept { return details_.sqlstate; }
  /// True when the same call may succeed later and repeating it cannot apply it twice.
  [[nodiscard]] bool retryable() const noexcept;

 private:
  ErrorKind kind_;
  std::string message_;
  Details details_;
};

/// Shorthand for the commonest case: bad input, with the remedy.
[[nodiscard]] Error invalid(std::string_view message, std::string_view hint);

}  // namespace annals
