#include "client/allow_list.hpp"

#include "annals/kafka/settings.hpp"

// What librdkafka may be told from outside. A setting is allowed when no value of it (or none of those listed) can run
// code, weaken the connection's security, or break "nothing lost, order per key, bounded". New settings of newer versions
// stay out until somebody has read what they do.
namespace annals::kafka {
namespace {

constexpr auto both = Client::both;
constexpr auto producer = Client::producer;
constexpr auto consumer = Client::consumer;
constexpr auto secret = true;

constexpr std::string_view durable = "an unconfirmed write may be lost when the broker fails";
constexpr std::string_view verified = "without it anybody on the path can read and change the messages";
constexpr std::string_view eager = "others lose commits or loop during a rebalance before librdkafka 2.10";
constexpr std::string_view keyed = "order holds per key only when a key always goes to the same partition";
constexpr std::string_view mechanisms =
    "GSSAPI runs kinit in a shell with settings as its arguments; use SCRAM, or certificates (ssl.key.location)";

constexpr AllowedSetting allowed[] = {
    {"acks", producer, "all|-1", durable},
    {"batch.num.messages", producer},
    {"batch.size", producer},
    {"bootstrap.servers", both},
    {"broker.address.family", both},
    {"broker.address.ttl", both},
    {"check.crcs", consumer, "true", "damaged records would be read as good ones"},
    {"client.id", both},
    {"client.rack", both},
    {"compression.codec", producer},
    {"compression.level", producer},
    {"compression.type", producer},
    {"connections.max.idle.ms", both},
    {"enable.auto.commit", consumer, "false", "it commits what has not been processed"},
    {"enable.idempotence", producer, "true", "a retry would duplicate and reorder messages"},
    {"enable.ssl.certificate.verification", both, "true", verified},
    {"fetch.error.backoff.ms", consumer},
    {"fetch.max.bytes", consumer},
    {"fetch.message.max.bytes", consumer},
    {"fetch.min.bytes", consumer},
    {"fetch.wait.max.ms", consumer},
    {"group.instance.id", consumer},
    {"heartbeat.interval.ms", consumer},
    {"isolation.level", consumer, "read_committed|read_uncommitted", "Kafka knows these two"},
    {"linger.ms", producer},
    {"max.in.flight", producer, "1|2|3|4|5", "the idempotent producer keeps order for at most five"},
    {"max.in.flight.requests.per.connection", producer, "1|2|3|4|5",
     "the idempotent producer keeps order for at most five"},
    {"max.partition.fetch.bytes", consumer},
    {"max.poll.interval.ms", consumer},
    {"message.copy.max.bytes", both},
    {"message.max.bytes", both},
    {"metadata.max.age.ms", both},
    {"partition.assignment.strategy", consumer, "range|roundrobin", eager},
    {"partitioner", producer, "murmur2_random|consistent_random|fnv1a_random", keyed},
    {"queue.buffering.max.ms", producer},
    {"queued.min.messages", consumer},
    {"receive.message.max.bytes", both},
    {"reconnect.backoff.max.ms", both},
    {"reconnect.backoff.ms", both},
    {"request.required.acks", producer, "all|-1", durable},
    {"request.timeout.ms", producer},
    {"retry.backoff.max.ms", both},
    {"retry.backoff.ms", both},
    {"sasl.mechanism", both, "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512|OAUTHBEARER", mechanisms},
    {"sasl.mechanisms", both, "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512|OAUTHBEARER", mechanisms},
    {"sasl.oauthbearer.client.id", both},
    {"sasl.oauthbearer.client.secret", both, {}, {}, secret},
    {"sasl.oauthbearer.extensions", both},
    {"sasl.oauthbearer.method", both, "oidc", "the default makes no tokens"},
    {"sasl.oauthbearer.scope", both},
    {"sasl.oauthbearer.token.endpoint.url", both, "https://*", "the client's secret is sent there", secret},
    {"sasl.password", both, {}, {}, secret},
    {"sasl.username", both},
    {"security.protocol", both},
    {"session.timeout.ms", consumer},
    {"socket.connection.setup.timeout.ms", both},
    {"socket.keepalive.enable", both},
    {"socket.nagle.disable", both},
    {"socket.receive.buffer.bytes", both},
    {"socket.send.buffer.bytes", both},
    {"socket.timeout.ms", both},
    {"ssl.ca.location", both},
    {"ssl.ca.pem", both},
    {"ssl.certificate.location", both},
    {"ssl.certificate.pem", both},
    {"ssl.crl.location", both},
    {"ssl.endpoint.identification.algorithm", both, "https", verified},
    {"ssl.key.location", both},
    {"ssl.key.password", both, {}, {}, secret},
    {"ssl.key.pem", both, {}, {}, secret},
    {"ssl.keystore.location", both},
    {"ssl.keystore.password", both, {}, {}, secret},
    {"topic.metadata.propagation.max.ms", both},
    {"topic.metadata.refresh.fast.interval.ms", both},
    {"topic.metadata.refresh.interval.ms", both},
};

constexpr std::string_view own_log = "the library logs nothing; errors carry what librdkafka said";
constexpr std::string_view forever = "a message given up because of its age would be overtaken by its successors";
constexpr std::string_view own_queue = "the bound is an option of the sink: queue_messages_max, queue_bytes_max";
constexpr std::string_view own_tls =
    "some of its values switch encryption or identity off (aNULL, SECLEVEL=0); OpenSSL's defaults and the broker "
    "decide";
constexpr std::string_view own_start = "where to start is an option of the source: start";
constexpr std::string_view own_commit = "offsets are committed by commit() alone";

constexpr DeniedSetting denied[] = {
    {"allow.auto.create.topics", "topics are created on purpose, with the right number of partitions"},
    {"api.version.*", "brokers before 0.11 cannot keep the promises"},
    {"auto.commit.*", own_commit},
    {"auto.offset.reset", own_start},
    {"broker.version.fallback", "brokers before 0.11 cannot keep the promises"},
    {"debug", own_log},
    {"delivery.report.only.error", "the relay must hear of every delivery"},
    {"delivery.timeout.ms", forever},
    {"enable.auto.offset.store", own_commit},
    {"enable.gapless.guarantee", "it is always on"},
    {"enable.partition.eof", "the source has no use for it"},
    {"enable.sasl.oauthbearer.unsecure.jwt", "tokens without a signature prove nothing"},
    {"group.id", "the group is an option of the source: group"},
    {"internal.*", "librdkafka's tests use it"},
    {"log*", own_log},
    {"message.send.max.retries", "a finite number of retries gives messages up while the broker restarts"},
    {"message.timeout.ms", forever},
    {"metadata.broker.list", "use its other name, bootstrap.servers"},
    {"plugin.library.paths", "it loads code into this process"},
    {"queue.buffering.max.kbytes", own_queue},
    {"queue.buffering.max.messages", own_queue},
    {"queued.max.messages.kbytes", "the bound is an option of the source: prefetch_bytes_max"},
    {"queuing.strategy", "lifo sends newer messages first"},
    {"retries", "a finite number of retries gives messages up while the broker restarts"},
    {"sasl.jaas.config", "it is Java's; use sasl.username and sasl.password"},
    {"sasl.kerberos.*", "librdkafka runs it in a shell"},
    {"sasl.oauthbearer.config", "it is for tokens without a signature"},
    {"socket.max.fails", "going on after a timeout can mistake one answer for another"},
    {"ssl.cipher.suites", own_tls},
    {"ssl.curves.list", own_tls},
    {"ssl.engine.*", "it loads code into this process"},
    {"ssl.providers", "it loads code into this process"},
    {"ssl.sigalgs.list", own_tls},
    {"ssl.truststore.location", "it is Java's; use ssl.ca.location with PEM certificates"},
    {"statistics.interval.ms", "connected() is made from the statistics"},
    {"sticky.partitioning.linger.ms", "the sink spreads messages without a key by itself"},
    {"test.mock.*", "it replaces the cluster by a mock that confirms everything and keeps nothing"},
    {"topic.blacklist", "messages to a hidden topic would wait for ever"},
    {"transaction.timeout.ms", "it is an option of the transactional sink: transaction_timeout"},
    {"transactional.id", "transactions come with exactly-once delivery, under an id that the checkpoint has"},
};

}  // namespace

std::span<const AllowedSetting> allowed_settings() noexcept { return allowed; }
std::span<const DeniedSetting> denied_settings() noexcept { return denied; }

}  // namespace annals::kafka
