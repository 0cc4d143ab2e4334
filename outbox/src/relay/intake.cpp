#include "relay/intake.hpp"

namespace annals::outbox {

std::size_t Intake::read() {
  next_ = 0;
  state_ = source_.read();
  may_read_ = state_ == MessageSource::State::rows && source_.more();
  ticket_ += static_cast<std::int64_t>(source_.size());
  return source_.size();
}

MessageView& Intake::front() {
  source_.decode(next_, view_);
  return view_;
}

}  // namespace annals::outbox
