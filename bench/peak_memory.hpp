#pragma once

namespace annals::bench {

/// The most memory that this process has had since one of these was made, its own base included: nothing is subtracted.
class PeakMemory {
 public:
  /// Gives back what is free, and asks the kernel to count anew.
  PeakMemory();
  [[nodiscard]] double megabytes() const;
};

}  // namespace annals::bench
