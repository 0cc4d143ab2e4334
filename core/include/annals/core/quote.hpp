#pragma once
#include <string>
#include <string_view>

namespace annals {

// For commands in hints: what comes out makes a terminal, a shell or a server do nothing but take it as what it is.

/// One word of a command that is offered for pasting into a shell (bash's $'…' where the text has controls).
[[nodiscard]] std::string quote_shell(std::string_view text);
/// A string literal of a statement that is offered for pasting (E'…' where the text has controls).
[[nodiscard]] std::string quote_sql(std::string_view text);
/// An identifier of such a statement; as it is when it needs no quotes.
[[nodiscard]] std::string quote_sql_identifier(std::string_view name);

}  // namespace annals
