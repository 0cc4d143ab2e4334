#include "client/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "annals/core/text.hpp"

static_assert(RD_KAFKA_VERSION >= 0x020002ff, "librdkafka 2.0.2 or newer is needed");

namespace annals::kafka {
namespace {

ClientState& state_of(void* opaque) { return *static_cast<ClientState*>(opaque); }

/// Called every second from the poll calls: is any broker up? The statistics are JSON written by one printf, so the
/// member can be found without a parser; nothing else in it is spelt so.
int on_statistics(rd_kafka_t*, char* json, std::size_t size, void* opaque) {
  const bool up = std::string_view{json, size}.find(R"("state":"UP")") != std::string_view::npos;
  state_of(opaque).connected.store(up, std::memory_order_relaxed);
  return 0;  // librdkafka frees it
}

/// Errors of connections are informational: librdkafka reconnects for ever.
void on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  auto& state = state_of(opaque);
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    state.connected.store(false, std::memory_order_relaxed);
  } else {
    state.last_error = printable(reason, 240);
  }
}

int on_socket(int domain, int type, int protocol, void* opaque) {
  return state_of(opaque).sockets.open(domain, type, protocol);
}

int on_close_socket(int descriptor, void* opaque) { return state_of(opaque).sockets.close(descriptor); }

std::string_view without_stop(std::string_view text) { return text.substr(0, text.find_last_not_of(". \n") + 1); }

}  // namespace

void set(rd_kafka_conf_t& conf, const std::string& name, const std::string& value) {
  std::array<char, 512> text{};
  const auto result = rd_kafka_conf_set(&conf, name.c_str(), value.c_str(), text.data(), text.size());
  if (result == RD_KAFKA_CONF_OK) return;
  if (result == RD_KAFKA_CONF_UNKNOWN) {
    throw invalid(fmt::format("Kafka setting {} is not known to librdkafka {}", name, rd_kafka_version_str()),
                  "remove it, or install a newer librdkafka");
  }
  const std::string_view said = is_secret(name) ? "its value is secret and not shown" : std::string_view{text.data()};
  throw invalid(fmt::format("Kafka setting {} has a bad value: {}", name, without_stop(said)), "correct the value");
}

ConfHandle make_conf(const Settings& settings, const Settings& defaults, Client client, ClientState& state) {
  require_valid(settings, client);
  state.brokers = settings.at("bootstrap.servers");
  ConfHandle conf{rd_kafka_conf_new()};
  rd_kafka_conf_set_opaque(conf.get(), &state);
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  rd_kafka_conf_set_stats_cb(conf.get(), on_statistics);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  rd_kafka_conf_set_socket_cb(conf.get(), on_socket);
  rd_kafka_conf_set_closesocket_cb(conf.get(), on_close_socket);
  set(*conf, "statistics.interval.ms", "1000");
  for (const auto& [name, value] : defaults) set(*conf, name, value);
  for (const auto& [name, value] : settings) set(*conf, name, value);
  return conf;
}

ClientHandle make_client(rd_kafka_type_t type, ConfHandle conf) {
  std::array<char, 512> text{};
  ClientHandle client{rd_kafka_new(type, conf.get(), text.data(), text.size())};
  if (!client) {
    throw invalid(fmt::format("librdkafka refuses the settings: {}", without_stop(text.data())),
                  "correct the settings");
  }
  (void)conf.release();  // owned by the client now
  return client;
}

rd_kafka_resp_err_t fatal_code(rd_kafka_t& client) noexcept { return rd_kafka_fatal_error(&client, nullptr, 0); }

std::string fatal_error(rd_kafka_t& client) {
  std::array<char, 512> text{};
  const auto error = rd_kafka_fatal_error(&client, text.data(), text.size());
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : fmt::format("{} ({})", text.data(), rd_kafka_err2name(error));
}

std::string describe(rd_kafka_resp_err_t error) {
  return fmt::format("{} ({})", rd_kafka_err2str(error), rd_kafka_err2name(error));
}

Error disconnected(std::string_view what, const ClientState& state) {
  const auto reason = state.last_error.empty() ? std::string{} : ": " + state.last_error;
  return Error{ErrorKind::disconnected,
               fmt::format("{}; brokers {}{}", what, state.brokers, reason),
               {.hint = "is the broker up, and do address, security.protocol and credentials fit?", .sqlstate = {}}};
}

Error failed(std::string_view what, std::string_view hint) {
  return Error{ErrorKind::failed, what, {.hint = std::string{hint}, .sqlstate = {}}};
}

Error refused(std::string_view what, std::string_view hint) {
  return Error{ErrorKind::refused, what, {.hint = std::string{hint}, .sqlstate = {}}};
}

Error broken(std::string_view what) {
  return Error{ErrorKind::failed,
               what,
               {.hint = "make a new one and go on from what was confirmed", .sqlstate = {}, .retryable = true}};
}

Error unknown_topic(ErrorKind kind, std::string_view topic, const ClientState& state) {
  return Error{
      kind,
      fmt::format("topic {} does not exist on {}", topic, state.brokers),
      {.hint = "create it, or correct the name (a topic that may not be described looks the same)", .sqlstate = {}}};
}

Error not_authorised(ErrorKind kind, std::string_view what, std::string_view acl, const ClientState& state) {
  return Error{
      kind,
      fmt::format("{} on {}", what, state.brokers),
      {.hint = fmt::format("grant it to the principal of this client: kafka-acls.sh --bootstrap-server {} --add "
                           "--allow-principal User:NAME {}",
                           state.brokers, acl),
       .sqlstate = {}}};
}

bool is_unknown_topic(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

bool is_authorisation(rd_kafka_resp_err_t error) noexcept {
  return error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
         error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

int to_int_ms(std::chrono::milliseconds duration) noexcept {
  return static_cast<int>(std::clamp<std::int64_t>(duration.count(), 0, std::numeric_limits<int>::max()));
}

}  // namespace annals::kafka
