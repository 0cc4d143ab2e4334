#include "annals/core/event_id.hpp"

#include <sys/random.h>

#include <chrono>
#include <cstring>

#include "annals/core/error.hpp"

// UUID version 7 after RFC 9562, section 6.2, method 1: 48 bits of Unix milliseconds, then a 12-bit counter in rand_a
// that is re-seeded each millisecond and carries into the timestamp when it runs over, then 62 random bits. One state a
// thread: no lock, and ids of one thread increase.

namespace annals {
namespace {

void fill_random(void* out, std::size_t size) {
  if (getrandom(out, size, 0) != static_cast<ssize_t>(size)) {
    throw Error{ErrorKind::failed,
                "the system gave no random bytes (getrandom)",
                {.hint = "a container's seccomp profile may forbid the call: allow it"}};
  }
}

/// Random bytes from the kernel, fetched 1 KiB at a time: one system call for about 100 ids.
class RandomPool {
 public:
  void take(std::uint8_t* out, std::size_t size) {
    if (used_ + size > pool_.size()) {
      fill_random(pool_.data(), pool_.size());
      used_ = 0;
    }
    std::memcpy(out, pool_.data() + used_, size);
    used_ += size;
  }

 private:
  std::array<std::uint8_t, 1024> pool_{};
  std::size_t used_ = 1024;
};

struct Generator {
  std::uint64_t last_ms = 0;
  std::uint16_t counter = 0;
  RandomPool random;
};

std::uint64_t unix_milliseconds() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

void advance(Generator& generator) {
  const auto now = unix_milliseconds();
  if (now > generator.last_ms) {
    generator.last_ms = now;
    std::array<std::uint8_t, 2> seed{};
    generator.random.take(seed.data(), seed.size());
    generator.counter = static_cast<std::uint16_t>((seed[0] << 8U | seed[1]) & 0x7FFU);  // top bit free to count in
    return;
  }
  if (++generator.counter > 0xFFF) {
    generator.counter = 0;
    ++generator.last_ms;
  }
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool dash_before(std::size_t byte) noexcept { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

}  // namespace

EventId EventId::generate() {
  thread_local Generator generator;
  advance(generator);
  Bytes bytes{};
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(generator.last_ms >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(0x70U | generator.counter >> 8U);
  bytes[7] = static_cast<std::uint8_t>(generator.counter);
  generator.random.take(bytes.data() + 8, 8);
  bytes[8] = static_cast<std::uint8_t>(0x80U | (bytes[8] & 0x3FU));
  return EventId{bytes};
}

std::optional<EventId> EventId::parse(std::string_view text) noexcept {
  if (text.size() != 36) return std::nullopt;
  Bytes bytes{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (dash_before(i) && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  return EventId{bytes};
}

EventId EventId::from_bytes(const char* wire) noexcept {
  Bytes bytes{};
  std::memcpy(bytes.data(), wire, bytes.size());
  return EventId{bytes};
}

void EventId::format_to(char* out) const noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (dash_before(i)) *out++ = '-';
    *out++ = digits[bytes_[i] >> 4U];
    *out++ = digits[bytes_[i] & 0xFU];
  }
}

std::string EventId::to_string() const {
  std::string text(36, '\0');
  format_to(text.data());
  return text;
}

}  // namespace annals

std::size_t std::hash<annals::EventId>::operator()(const annals::EventId& id) const noexcept {
  std::uint64_t halves[2];
  std::memcpy(halves, id.bytes().data(), sizeof halves);
  return static_cast<std::size_t>(halves[0] * 0x9E3779B97F4A7C15ULL ^ halves[1]);
}
