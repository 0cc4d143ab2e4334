#include "relay/open_sink.hpp"

#include <atomic>
#include <chrono>
#include <utility>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "relay/json_lines_sink.hpp"
#include "relay/registry/registry_client.hpp"
#include "relay/tracing/traced_sink.hpp"

namespace annals::relayd {
namespace {

/// What sinks of one program have in common of the schema registry.
class Schemas {
 public:
  explicit Schemas(const RegistryOptions& options)
      : options_(options), memory_(std::make_shared<RegistryMemory>(options.cache_entries_max)) {}

  /// Null where nothing is framed.
  [[nodiscard]] std::unique_ptr<RegistryClient> open() {
    return options_.urls.empty() ? nullptr : std::make_unique<RegistryClient>(options_, memory_, clock_);
  }

 private:
  RegistryOptions options_;
  std::shared_ptr<RegistryMemory> memory_;
  SystemClock clock_;
};

/// A sink and the registry that it borrows: it is connected when both are.
template <class Sink>
struct WithSchemas {
  template <class MakeOptions>
  WithSchemas(Schemas& schemas, MakeOptions make_options)
      : registry(schemas.open()), sink(make_options(registry.get())) {}
  [[nodiscard]] bool connected() const { return sink.connected() && reaches_registry(); }
  /// Goes on asking one that is away: a sink that is not opened yet does not.
  [[nodiscard]] bool reaches_registry() const {
    if (registry && !registry->answers()) (void)registry->wait(std::chrono::milliseconds{0});
    return !registry || registry->answers();
  }

  std::unique_ptr<RegistryClient> registry;
  Sink sink;
};

OpenSink open_kafka(const Config& config, Schemas& schemas) {
  const auto opened = std::make_shared<WithSchemas<kafka::KafkaSink>>(schemas, [&](auto* registry) {
    auto options = sink_options(config);
    options.schema_registry = registry;
    return options;
  });
  return {.sink = {opened, &opened->sink}, .connected = [&opened = *opened] { return opened.connected(); }};
}

/// Tells the sinks after it what this one has learnt.
struct Learning {
  Learning(const Config& config, Schemas& schemas, std::shared_ptr<std::atomic<bool>> single_in)
      : single(std::move(single_in)), opened(schemas, [&](auto* registry) {
          auto options = transactional_options(config);
          options.single_requests = *single;
          options.sink.schema_registry = registry;
          return options;
        }) {}
  ~Learning() {
    if (opened.sink.refused_a_batch()) *single = true;
  }
  Learning(const Learning&) = delete;
  Learning& operator=(const Learning&) = delete;

  std::shared_ptr<std::atomic<bool>> single;
  WithSchemas<kafka::KafkaTransactionalSink> opened;
};

OpenSink open_transactions(const Config& config, Schemas& schemas, const std::shared_ptr<std::atomic<bool>>& single) {
  const auto learning = std::make_shared<Learning>(config, schemas, single);
  auto& borrowed = learning->opened;
  return {.sink = {learning, &borrowed.sink}, .transactional = &borrowed.sink, .connected = [&borrowed] {
            return borrowed.connected();
          }};
}

/// With spans, when they are asked for.
class Tracing {
 public:
  Tracing(TracingOptions options, SpanQueue& spans) : options_(std::move(options)), spans_(spans) {}

  [[nodiscard]] OpenSink traced(OpenSink open) {
    if (options_.endpoint.empty()) return open;
    SpanRecorder recorder{options_, spans_, clock_};
    if (open.transactional == nullptr) {
      open.sink = std::make_shared<TracedSink>(std::move(open.sink), std::move(recorder));
      return open;
    }
    const std::shared_ptr<outbox::TransactionalSink> inner{open.sink, open.transactional};
    const auto outer = std::make_shared<TracedTransactionalSink>(inner, std::move(recorder));
    open.transactional = outer.get();
    open.sink = outer;
    return open;
  }

 private:
  TracingOptions options_;
  SpanQueue& spans_;
  SystemClock clock_;
};

}  // namespace

SinkFactory sink_factory(const Config& config, host::LineOutput& output, SpanQueue& spans) {
  const auto tracing = std::make_shared<Tracing>(config.tracing, spans);
  const auto schemas = std::make_shared<Schemas>(config.registry);
  if (config.delivery == Delivery::exactly_once) {
    return [config, schemas, tracing, single = std::make_shared<std::atomic<bool>>(false)] {
      return tracing->traced(open_transactions(config, *schemas, single));
    };
  }
  if (config.sink == SinkKind::kafka) {
    return [config, schemas, tracing] { return tracing->traced(open_kafka(config, *schemas)); };
  }
  return [&output, bytes = config.kafka.queue_bytes_max, database = config.database.name] {
    // A reader that has gone never comes back: trying again would be for ever.
    if (!output.has_reader()) throw invalid("standard output is closed", "start annals-relay with a reader that stays");
    return OpenSink{.sink = std::make_unique<JsonLinesSink>(output, bytes, database),
                    .connected = [&output] { return output.has_reader(); }};
  };
}

}  // namespace annals::relayd
