#pragma once
#include "annals/core/event.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::eventstore {

/// Reads a row of read_all.sql in COPY's binary form into `event`, reusing its memory.
void read_event(postgres::RowReader row, RecordedEvent& event);

}  // namespace annals::eventstore
