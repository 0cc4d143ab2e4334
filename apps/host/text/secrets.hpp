#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace annals::host {

/// Passwords that this process knows, so that none is ever written. What we write ourselves never contains one; this is
/// the second fence, for texts of libraries.
class Secrets {
 public:
  /// Ignores what is too short to be told from ordinary text.
  void add(std::string_view secret);
  void add(const Secrets& others);
  /// `text` with every secret replaced by "***".
  [[nodiscard]] std::string removed_from(std::string text) const;
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }

 private:
  std::vector<std::string> values_;
};

}  // namespace annals::host
