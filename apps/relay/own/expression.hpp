#pragma once
#include <string_view>

namespace annals::relayd {

/// Throws Error{invalid} unless `text` is one SQL expression that may stand between parentheses in a statement of ours: its brackets
/// and quotes close, and it has no comma outside of brackets, no ';', no comment, no parameter, and no backslash or dollar quote, in which a
/// quote would not end where it seems to. `what` is how messages call it. Whether the names in it exist is for the server to say.
void require_expression(std::string_view what, std::string_view text);

}  // namespace annals::relayd
