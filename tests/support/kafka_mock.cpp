#include "support/kafka_mock.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace annals::tests {
namespace {

constexpr int produce_api = 0;

}  // namespace

struct KafkaMock::Impl {
  rd_kafka_t* owner = nullptr;  ///< a client that is never connected; the cluster's threads belong to it
  rd_kafka_mock_cluster_t* cluster = nullptr;
};

KafkaMock::KafkaMock(int brokers) : impl_(std::make_unique<Impl>()) {
  std::array<char, 256> text{};
  auto* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, nullptr);
  impl_->owner = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size());
  if (impl_->owner == nullptr) throw std::runtime_error{text.data()};
  impl_->cluster = rd_kafka_mock_cluster_new(impl_->owner, brokers);
  if (impl_->cluster == nullptr) throw std::runtime_error{"no mock cluster"};
}

KafkaMock::~KafkaMock() {
  rd_kafka_mock_cluster_destroy(impl_->cluster);
  rd_kafka_destroy(impl_->owner);
}

std::string KafkaMock::brokers() const { return rd_kafka_mock_cluster_bootstraps(impl_->cluster); }

void KafkaMock::create_topic(const std::string& name, int partitions) {
  if (rd_kafka_mock_topic_create(impl_->cluster, name.c_str(), partitions, 1) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error{"the mock cannot create " + name};
  }
}

void KafkaMock::fail_produce(std::initializer_list<int> errors) { fail(produce_api, errors); }

void KafkaMock::fail(int api, const std::vector<int>& errors) {
  std::vector<rd_kafka_resp_err_t> list;
  for (const auto error : errors) list.push_back(static_cast<rd_kafka_resp_err_t>(error));
  rd_kafka_mock_push_request_errors_array(impl_->cluster, static_cast<std::int16_t>(api), list.size(), list.data());
}

void KafkaMock::answer_late(int api, std::chrono::milliseconds delay) {
  rd_kafka_mock_broker_push_request_error_rtts(impl_->cluster, 1, static_cast<std::int16_t>(api), 1,
                                               RD_KAFKA_RESP_ERR_NO_ERROR, static_cast<int>(delay.count()));
}

void KafkaMock::set_topic_error(const std::string& name, int error) {
  rd_kafka_mock_topic_set_error(impl_->cluster, name.c_str(), static_cast<rd_kafka_resp_err_t>(error));
}

void KafkaMock::set_down(bool down) {
  if (down) {
    rd_kafka_mock_broker_set_down(impl_->cluster, 1);
  } else {
    rd_kafka_mock_broker_set_up(impl_->cluster, 1);
  }
}

}  // namespace annals::tests
