#pragma once
#include <span>
#include <string_view>

namespace annals::kafka {

/// A setting of librdkafka, or of the Java client, that is refused for a reason worth saying.
struct DeniedSetting {
  std::string_view name;  ///< ends with '*': all that begin so
  std::string_view reason;
};

[[nodiscard]] std::span<const DeniedSetting> denied_settings() noexcept;

}  // namespace annals::kafka
