#include "producer/verdict.hpp"

namespace annals::kafka {

Verdict verdict_of(rd_kafka_resp_err_t error) noexcept {
  if (is_unknown_topic(error) || is_authorisation(error)) return Verdict::on_topic;
  switch (error) {
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION: return Verdict::on_topic;
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT: return Verdict::on_batch;
    default: return Verdict::none;
  }
}

}  // namespace annals::kafka
