#include "annals/eventstore/event_batch.hpp"

#include "read/event_reader.hpp"

namespace annals::eventstore {

const RecordedEvent& EventBatch::Iterator::operator*() const { return reader_->event(index_); }

}  // namespace annals::eventstore
