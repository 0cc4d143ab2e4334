#include "annals/outbox/key_lock.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"
#include "annals/postgres/error.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {

void lock_key(pqxx::transaction_base& tx, std::string_view topic, std::string_view key) {
  require_topic(topic);
  require_text("message key", key, message_key_bytes_max);
  try {
    postgres::exec_params(tx, std::string{sql::lock_key}, postgres::PqxxParams{}.text(topic).text(key));
  } catch (const pqxx::failure&) {
    postgres::rethrow_pqxx(fmt::format("lock key \"{}\" of topic \"{}\"", printable(key), topic));
  }
}

}  // namespace annals::outbox
