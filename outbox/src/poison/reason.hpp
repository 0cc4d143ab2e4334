#pragma once
#include <cstddef>
#include <string_view>

#include "annals/core/text.hpp"

namespace annals::outbox {

/// Why a message was set aside or passed over, as it is stored: a sentence for people, and no log.
inline constexpr std::size_t reason_bytes_max = 1024;

/// What an operator gives as one: there must be one. Throws Error{invalid}.
inline void require_reason(std::string_view reason) { require_text("reason", reason, reason_bytes_max); }

}  // namespace annals::outbox
