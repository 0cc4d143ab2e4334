// Makes one mistake that a sanitizer must catch; ends with 0 when it was not caught.
#include <cstdlib>
#include <limits>
#include <string_view>
#include <thread>

int main(int argc, char** argv) {
  const std::string_view fault = argc > 1 ? argv[1] : "";
  volatile int result = 0;
  if (fault == "use-after-free") {
    auto* freed = new int{1};
    delete freed;
    result = *freed;
  } else if (fault == "overflow") {
    volatile int largest = std::numeric_limits<int>::max();
    result = largest + 1;
  } else if (fault == "leak") {
    void* volatile lost = std::malloc(64);
    lost = nullptr;
    result = lost == nullptr;
  } else if (fault == "race") {
    int shared = 0;
    std::thread other{[&] { ++shared; }};
    ++shared;
    other.join();
    result = shared;
  }
  return 0;
}
