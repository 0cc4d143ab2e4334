#pragma once
#include <string>
#include <string_view>

namespace annals::host {

// The way out for text that somebody else may have chosen: nothing that comes out makes a terminal do anything. For
// commands see annals/core/quote.hpp.

/// One line of readable text: blanks and line ends become single blanks, all other controls (C0, DEL, C1, marks of
/// direction) and what is not UTF-8 are escaped. Quotes stay as they are.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace annals::host
