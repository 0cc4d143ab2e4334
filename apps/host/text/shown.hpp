#pragma once
#include <string>
#include <string_view>

namespace annals::host {

// The ways out for text that somebody else may have chosen: nothing that comes out makes a terminal, a shell or a server
// do anything.

/// One line of readable text: blanks and line ends become single blanks, all other controls (C0, DEL, C1, marks of
/// direction) and what is not UTF-8 are escaped. Quotes stay as they are.
[[nodiscard]] std::string shown(std::string_view text);

/// One word of a command that is offered for pasting into a shell (bash's $'…' where the text has controls).
[[nodiscard]] std::string quote_shell(std::string_view text);
/// A string literal of a statement that is offered for pasting (E'…' where the text has controls).
[[nodiscard]] std::string quote_sql(std::string_view text);
/// An identifier of such a statement; as it is when it needs no quotes.
[[nodiscard]] std::string quote_sql_identifier(std::string_view name);

}  // namespace annals::host
