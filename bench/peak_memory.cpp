#include "peak_memory.hpp"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "annals/core/error.hpp"
#include "support/peak_memory.hpp"

namespace annals::bench {

PeakMemory::PeakMemory() {
  ::malloc_trim(0);
  std::ofstream counter{"/proc/self/clear_refs"};
  counter << "5" << std::flush;  // proc(5): resets the peak resident set size
  if (!counter)
    throw Error{ErrorKind::failed, "the kernel does not reset the peak of memory", {.hint = "run on Linux"}};
}

double PeakMemory::megabytes() const {
  return static_cast<double>(tests::peak_memory_bytes(::getpid())) / (1024.0 * 1024.0);
}

}  // namespace annals::bench
