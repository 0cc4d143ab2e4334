#include "annals/core/stream_name.hpp"

#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"

namespace annals {

StreamName::StreamName(std::string name) : name_(std::move(name)) {
  require_text("stream name", name_, limits::stream_name_bytes_max);
}

StreamName StreamName::from_database(std::string_view name) { return {Trusted{}, name}; }

std::string_view StreamName::category() const noexcept { return category_of(name_); }

std::string_view category_of(std::string_view stream_name) noexcept {
  return stream_name.substr(0, stream_name.find('-'));
}

}  // namespace annals
