#include "orders/http.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "annals/core/error.hpp"
#include "orders/status_table.hpp"

namespace shop::orders {
namespace {

using nlohmann::json;

constexpr int rows_max = 100;
constexpr std::chrono::milliseconds poll{20};

json to_json(const OrderStatus& status) {
  return {{"order_id", status.order_id},
          {"customer_id", status.customer_id},
          {"state", status.state},
          {"amount_cents", status.amount_cents},
          {"updated_at", status.updated_at}};
}

void answer(httplib::Response& response, int status, const json& body) {
  response.status = status;
  response.set_content(body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n", "application/json");
}

/// The reason names tables, hosts and roles: it is for whoever runs the service, not for whoever asks it.
void answer_failure(httplib::Response& response, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    fmt::print(stderr, "http: {}\n", error.what());
  }
  answer(response, 503, {{"error", "not available now; try again"}});
}

/// A page of a foreign site can make a browser ask a loopback address, by a name of its own that resolves to it; the
/// Host header then tells that name.
bool asks_for_us(const httplib::Request& request) {
  auto name = request.get_header_value("Host");
  const auto colon = name.rfind(':');
  if (colon != std::string::npos) name.resize(colon);
  return request.get_header_value_count("Host") == 1 && (name == "127.0.0.1" || name == "localhost");
}

/// httplib's own options let a second server listen on the same port, and each then gets some of the requests.
void take_alone(socket_t socket) {
  const int yes = 1;  // may be taken again at once after the one before
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

struct StatusServer::Impl {
  annals::postgres::PqxxPool& pool;
  httplib::Server server;
  int port;

  Impl(annals::postgres::PqxxPool& connections, const Address& address) : pool(connections), port(address.port) {
    server.Get(R"(/orders/([^/]+))", [this](const auto& request, auto& response) { one(request, response); });
    server.Get("/orders", [this](const auto& request, auto& response) { many(request, response); });
    server.set_pre_routing_handler([](const auto& request, auto& response) {
      using Result = httplib::Server::HandlerResponse;
      if (asks_for_us(request)) return Result::Unhandled;
      answer(response, 403, {{"error", "this Host is not served here"}});
      return Result::Handled;
    });
    server.set_exception_handler(
        [](const auto&, auto& response, std::exception_ptr failure) { answer_failure(response, failure); });
    server.set_socket_options(take_alone);
    if (address.port == 0) port = server.bind_to_any_port(address.host);
    if (port < 0 || (address.port != 0 && !server.bind_to_port(address.host, address.port))) {
      throw annals::Error{annals::ErrorKind::failed,
                          "cannot listen on " + address.host + ":" + std::to_string(address.port),
                          {.hint = "is it taken? Try another --port", .sqlstate = {}}};
    }
  }

  void one(const httplib::Request& request, httplib::Response& response) {
    const auto id = request.matches[1].str();
    const auto status = annals::postgres::transact(pool, [&](pqxx::work& tx) { return find_status(tx, id); });
    if (status) return answer(response, 200, to_json(*status));
    answer(response, 404, {{"error", "there is no order " + id}});
  }

  void many(const httplib::Request& request, httplib::Response& response) {
    const auto state = request.get_param_value("state");
    auto rows = json::array();
    for (const auto& status :
         annals::postgres::transact(pool, [&](pqxx::work& tx) { return list_status(tx, state, rows_max); })) {
      rows.push_back(to_json(status));
    }
    answer(response, 200, rows);
  }
};

StatusServer::StatusServer(annals::postgres::PqxxPool& pool, const Address& address)
    : impl_(std::make_unique<Impl>(pool, address)) {}
StatusServer::~StatusServer() = default;

int StatusServer::port() const noexcept { return impl_->port; }

void StatusServer::serve(const std::stop_token& stop) {
  std::atomic<bool> ended = false;
  const std::jthread listener{[&] {
    impl_->server.listen_after_bind();
    ended = true;
  }};
  while (!stop.stop_requested() && !ended) std::this_thread::sleep_for(poll);
  while (!ended) {  // stop() does nothing before the server has begun to listen
    impl_->server.stop();
    std::this_thread::sleep_for(poll);
  }
}

}  // namespace shop::orders
