#include "relay/remote/http_exchange.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <mutex>
#include <new>
#include <utility>

#include "annals/core/assert.hpp"

namespace annals::relayd {
namespace {

template <auto destroy>
struct Destroy {
  template <class T>
  void operator()(T* object) const noexcept {
    destroy(object);
  }
};
using Multi = std::unique_ptr<CURLM, Destroy<curl_multi_cleanup>>;
using Easy = std::unique_ptr<CURL, Destroy<curl_easy_cleanup>>;
using List = std::unique_ptr<curl_slist, Destroy<curl_slist_free_all>>;

template <class Handle>
Handle owned(typename Handle::pointer made) {
  if (made == nullptr) throw std::bad_alloc{};
  return Handle{made};
}

/// Once a process, and before a second thread could do it.
void start_libcurl() {
  static std::once_flag started;
  std::call_once(started, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

List headers_of(const HttpRequest& request) {
  List list;
  const auto add = [&](const std::string& line) {
    auto* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc{};
    (void)list.release();
    list.reset(longer);
  };
  add("Expect:");  // nobody waits for a 100
  if (!request.media_type.empty()) add("Content-Type: " + request.media_type);
  return list;
}

}  // namespace

struct HttpExchange::Impl {
  explicit Impl(HttpOptions given) : options(std::move(given)) { set_up(); }
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void set_up();
  template <class Value>
  void set(CURLoption option, Value value) {
    const auto result = curl_easy_setopt(easy.get(), option, value);
    if (result == CURLE_OUT_OF_MEMORY) throw std::bad_alloc{};
    ANNALS_ASSERT(result == CURLE_OK);
  }
  void stop() {
    if (under_way) curl_multi_remove_handle(multi.get(), easy.get());
    under_way = false;
  }
  [[nodiscard]] HttpAnswer ended(CURLcode result);
  static std::size_t take(char* data, std::size_t, std::size_t size, void* self);

  HttpOptions options;
  HttpRequest request;
  HttpAnswer answer;
  List headers;
  std::array<char, CURL_ERROR_SIZE> error{};
  bool under_way = false;
  Multi multi;
  Easy easy;  // gone before the connections that it may be using
};

void HttpExchange::Impl::set_up() {
  start_libcurl();
  multi = owned<Multi>(curl_multi_init());
  easy = owned<Easy>(curl_easy_init());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_ERRORBUFFER, error.data());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  set(CURLOPT_WRITEFUNCTION, take);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_USERAGENT, "annals-relay");
#if LIBCURL_VERSION_NUM >= 0x075700
  set(CURLOPT_QUICK_EXIT, 1L);  // a name that is still looked up when the time is over must not hold us up
#endif
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.certificate_file.empty()) {
    set(CURLOPT_SSLCERT, options.certificate_file.c_str());
    set(CURLOPT_SSLKEY, options.key_file.c_str());
  }
  if (!options.credentials.empty()) {
    set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(CURLOPT_USERPWD, options.credentials.c_str());
  }
}

std::size_t HttpExchange::Impl::take(char* data, std::size_t, std::size_t size, void* self) {
  auto& impl = *static_cast<Impl*>(self);
  if (impl.answer.body.size() + size > impl.options.answer_bytes_max) return 0;  // libcurl gives up
  impl.answer.body.append(data, size);
  return size;
}

HttpAnswer HttpExchange::Impl::ended(CURLcode result) {
  stop();
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  if (result == CURLE_OK) return std::exchange(answer, {});
  answer = {};
  if (result == CURLE_WRITE_ERROR)
    return {.failure = fmt::format("the answer has more than {} bytes", options.answer_bytes_max)};
  return {.failure = error.front() != '\0' ? error.data() : curl_easy_strerror(result)};
}

HttpExchange::HttpExchange(HttpOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpExchange::~HttpExchange() = default;

void HttpExchange::start(HttpRequest request) {
  auto& impl = *impl_;
  ANNALS_ASSERT(!impl.under_way);
  impl.request = std::move(request);
  impl.answer = {};
  impl.error.front() = '\0';
  impl.headers = headers_of(impl.request);
  impl.set(CURLOPT_URL, impl.request.url.c_str());
  impl.set(CURLOPT_HTTPHEADER, impl.headers.get());
  if (impl.request.media_type.empty()) {
    impl.set(CURLOPT_HTTPGET, 1L);
  } else {
    impl.set(CURLOPT_POSTFIELDS, impl.request.body.data());  // borrowed
    impl.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(impl.request.body.size()));
  }
  impl.under_way = curl_multi_add_handle(impl.multi.get(), impl.easy.get()) == CURLM_OK;
  ANNALS_ASSERT(impl.under_way);
}

bool HttpExchange::is_under_way() const noexcept { return impl_->under_way; }

std::optional<HttpAnswer> HttpExchange::poll(std::chrono::milliseconds wait) {
  auto& impl = *impl_;
  if (!impl.under_way) return std::nullopt;
  int running = 0;
  curl_multi_perform(impl.multi.get(), &running);
  if (running > 0 && wait.count() > 0) {
    curl_multi_poll(impl.multi.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
    curl_multi_perform(impl.multi.get(), &running);
  }
  int left = 0;
  const auto* message = curl_multi_info_read(impl.multi.get(), &left);
  if (message == nullptr || message->msg != CURLMSG_DONE) return std::nullopt;
  return impl.ended(message->data.result);
}

}  // namespace annals::relayd
