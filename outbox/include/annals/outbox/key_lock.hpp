#pragma once
#include <string_view>

namespace pqxx {
class transaction_base;
}

namespace annals::outbox {

/// Makes transactions that enqueue messages of one topic and key follow each other, so that the messages are published in
/// the order of their commits. To be called in each of them before enqueue(), unless they all lock one row of the
/// business first, which does the same.
///
/// Without either, two transactions may draw positions in one order and commit in the other; messages of a key are then
/// published in the order of their positions, for good.
///
/// Held until the transaction ends. Who takes several keys takes them in one order everywhere, or they may deadlock.
/// Thread safety  as the transaction's. Errors: what the database said, as annals::Error; Error{overloaded} when the
/// session's lock_timeout has passed.
void lock_key(pqxx::transaction_base& tx, std::string_view topic, std::string_view key);

}  // namespace annals::outbox
