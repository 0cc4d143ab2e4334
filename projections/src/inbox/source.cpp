#include "annals/projections/source.hpp"

#include "annals/core/error.hpp"

namespace annals::projections {

void Source::bind(const OffsetTable& offsets) {
  if (!reader_) reader_ = offsets.identity();
  if (reader_ == offsets.identity()) return;
  throw Error{ErrorKind::failed,
              "the source was read for another inbox, which may hold messages that took no effect",
              {.hint = "make a new source for a new inbox", .sqlstate = {}}};
}

void Source::receive(OffsetTable& offsets, std::size_t max, std::chrono::milliseconds wait,
                     std::vector<IncomingMessage>& messages) {
  messages.clear();
  bind(offsets);
  if (failure_) std::rethrow_exception(failure_);
  try {
    poll(offsets, max, wait, messages);
  } catch (...) {
    failure_ = std::current_exception();
    if (messages.empty()) throw;
  }
}

void Source::keep_alive(OffsetTable& offsets) {
  if (failure_) return;
  try {
    bind(offsets);
    idle(offsets);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

}  // namespace annals::projections
