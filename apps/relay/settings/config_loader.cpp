#include "relay/settings/config_loader.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/kafka/settings.hpp"
#include "annals/postgres/database.hpp"
#include "host/settings/value_text.hpp"
#include "host/text/conninfo.hpp"
#include "relay/settings/capture_section.hpp"
#include "relay/settings/databases.hpp"
#include "relay/settings/registry_section.hpp"
#include "relay/settings/setting.hpp"
#include "relay/settings/toml_file.hpp"

namespace annals::relayd {
namespace {

constexpr std::size_t file_bytes_max = 1U << 20U;
constexpr std::string_view prefix = "ANNALS_RELAY_";

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return std::nullopt;
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text.size() > file_bytes_max ? std::nullopt : std::optional{std::move(text)};
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode : 0;
}

bool readable_by_others(const std::string& path) { return (mode_of(path) & S_IROTH) != 0; }

/// What Kubernetes sets in every pod for a Service that is called annals-relay.
bool is_of_a_kubernetes_service(std::string_view name) {
  return name.ends_with("_PORT") || name.ends_with("_SERVICE_HOST") ||
         name.find("_SERVICE_PORT") != std::string::npos || name.find("_TCP") != std::string::npos ||
         name.find("_UDP") != std::string::npos || name.find("_SCTP") != std::string::npos;
}

/// Of one database: from what the file says of it, environment and flags.
class Loader {
 public:
  Loader(const ConfigInputs& inputs, FileContents contents, const std::string& name)
      : inputs_(inputs), contents_(std::move(contents)) {
    loaded_.config.database.name = name;
  }

  LoadedConfig load() {
    file();
    environment();
    for (const auto& [key, text] : inputs_.flags) apply(key, text, std::string{find_setting(key)->flag}, Rank::flag);
    warn_of_secret_flags();
    database_uri();
    kafka_settings_file();
    registry_credentials();
    collect_secrets();
    if (loaded_.problems.empty()) check();
    return std::move(loaded_);
  }

 private:
  enum class Rank { none, file, environment, flag };

  void problem(std::string_view where, std::string_view text, std::string_view hint) {
    loaded_.problems.push_back(fmt::format("{}{}{}. Hint: {}", where, where.empty() ? "" : ": ", text, hint));
  }

  void apply(const std::string& key, const std::string& text, const std::string& where, Rank rank) {
    try {
      find_setting(key)->set(loaded_.config, text);
      loaded_.origins[key] = where;
      ranks_[key] = rank;
    } catch (const Error& error) {
      problem(where, fmt::format("{}: {}", key, error.message()), error.hint());
    }
  }

  void file() {
    for (const auto& value : contents_.values) apply(value.key, value.text, value.where, Rank::file);
    for (auto& route : contents_.routes) file_route(std::move(route));
    loaded_.config.kafka.settings = std::move(contents_.kafka_settings);
    loaded_.config.kafka.encodings = std::move(contents_.encodings);
    loaded_.config.own_outboxes = std::move(contents_.own_outboxes);
    loaded_.config.relay.captures = std::move(contents_.captures);
    auto& problems = loaded_.problems;
    problems.insert(problems.end(), contents_.problems.begin(), contents_.problems.end());
    if (!inputs_.file.empty()) warn_if_exposed();
  }

  void file_route(outbox::Route route) {
    try {
      add_route(loaded_.config.relay.routes, std::move(route));
      loaded_.origins["relay.routes"] = inputs_.file;
    } catch (const Error& error) {
      problem(inputs_.file, error.message(), error.hint());
    }
  }

  void warn_if_exposed() {
    const auto& settings = loaded_.config.kafka.settings;
    const auto origin = loaded_.origins.find("database.uri");
    const bool is_here = origin != loaded_.origins.end() && origin->second.starts_with(inputs_.file);  // no variable
    const bool secret =
        (is_here && !host::passwords_in(loaded_.config.database.uri).empty()) ||
        std::any_of(settings.begin(), settings.end(), [](const auto& s) { return kafka::is_secret(s.first); });
    if (secret) warn_if_readable(inputs_.file);
  }

  void warn_if_readable(const std::string& path) {
    if (!readable_by_others(path)) return;
    loaded_.warnings.push_back(
        fmt::format("{} holds a password and everybody can read it. Hint: chmod o-r {}", path, path));
  }

  void environment() {
    std::vector<std::string_view> names;
    for (const auto& setting : all_settings()) names.push_back(setting.env);
    for (const auto& [name, text] : inputs_.environment) {
      const auto known = std::find(names.begin(), names.end(), name);
      if (known != names.end() && !text.empty()) {
        const auto& setting = all_settings()[static_cast<std::size_t>(known - names.begin())];
        apply(std::string{setting.key}, text, name, Rank::environment);
      } else if (known == names.end() && name.starts_with(prefix) && !is_of_a_kubernetes_service(name)) {
        const auto meant = nearest(name, names);
        // Not a problem: the environment is shared with others, who may mean something else by the name.
        loaded_.warnings.push_back(
            fmt::format("{} is not a variable of annals-relay and is ignored. Hint: {}", printable(name),
                        meant.empty() ? "see annals-relay --help" : fmt::format("did you mean {}?", meant)));
      }
    }
  }

  Rank rank(const std::string& key) const {
    const auto found = ranks_.find(key);
    return found == ranks_.end() ? Rank::none : found->second;
  }

  void warn_of_secret_flags() {
    if (rank("kafka.settings") != Rank::flag) return;
    for (const auto& [name, value] : loaded_.config.kafka.settings) {
      if (!kafka::is_secret(name) || value.empty()) continue;
      loaded_.warnings.push_back(
          fmt::format("{} may be visible to every user of this machine. Hint: use "
                      "kafka.settings_file instead of --kafka-setting",
                      printable(name)));
    }
  }

  /// database.uri_file counts like database.uri given in the same place.
  void database_uri() {
    auto& database = loaded_.config.database;
    if (rank("database.uri") == Rank::flag && !host::passwords_in(database.uri).empty()) {
      loaded_.warnings.emplace_back(
          "the password in --database is visible to every user of this machine. Hint: use "
          "ANNALS_DATABASE, database.uri_file or ~/.pgpass");
    }
    if (database.uri_file.empty() || rank("database.uri") > rank("database.uri_file")) return;
    const auto where = loaded_.origins["database.uri_file"];
    if (rank("database.uri") == rank("database.uri_file")) {
      return problem(where, "database.uri and database.uri_file are both given", "keep one of them");
    }
    const auto text = read_file(database.uri_file);
    if (!text)
      return problem(where, fmt::format("{} cannot be read", printable(database.uri_file)),
                     "check path and permissions");
    database.uri = host::trimmed(*text);
    loaded_.origins["database.uri"] = database.uri_file;
    if (!host::passwords_in(database.uri).empty()) warn_if_readable(database.uri_file);
  }

  void kafka_settings_file() {
    const auto& path = loaded_.config.kafka_settings_file;
    if (path.empty()) return;
    const auto text = read_file(path);
    if (!text) {
      return problem(loaded_.origins["kafka.settings_file"], fmt::format("{} cannot be read", printable(path)),
                     "check path and permissions");
    }
    int number = 0;
    for (const auto& line : split_lines(*text)) kafka_line(fmt::format("{}:{}", path, ++number), host::trimmed(line));
    if (any_secret_) warn_if_readable(path);
  }

  static std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      lines.push_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
  }

  void kafka_line(const std::string& where, std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
      return problem(where, "is not name=value", "write one librdkafka setting a line");
    const std::string name{host::trimmed(line.substr(0, equals))};
    any_secret_ = any_secret_ || kafka::is_secret(name);
    if (!loaded_.config.kafka.settings.emplace(name, host::trimmed(line.substr(equals + 1))).second) {
      problem(where, fmt::format("{} is given twice", printable(name)), "keep one of them");
    }
  }

  /// Others may use a file that holds a secret: that is a problem.
  bool is_shared(const std::string& where, const std::string& file, std::string_view holds) {
    if ((mode_of(file) & S_IRWXO) == 0) return false;
    const auto path = printable(file);
    problem(where, fmt::format("{} holds {}, and others may use the file", path, holds),
            fmt::format("chmod o= {}", path));
    return true;
  }

  /// There is no older habit that would have to be borne with: a file that others can read is refused.
  void registry_credentials() {
    auto& registry = loaded_.config.registry;
    if (registry.auth_file.empty()) return;
    const auto where = loaded_.origins["registry.auth_file"];
    const auto path = printable(registry.auth_file);
    const auto text = read_file(registry.auth_file);
    if (!text) return problem(where, fmt::format("{} cannot be read", path), "check path and permissions");
    if (is_shared(where, registry.auth_file, "a password")) return;
    registry.credentials = host::trimmed(*text);
    const auto colon = registry.credentials.find(':');
    if (colon == std::string::npos || colon == 0 || registry.credentials.find('\n') != std::string::npos) {
      return problem(where, fmt::format("{} is not user:password", path), "write one line");
    }
    loaded_.secrets.add(registry.credentials.substr(colon + 1));
  }

  void collect_secrets() {
    for (const auto& password : host::passwords_in(loaded_.config.database.uri)) loaded_.secrets.add(password);
    for (const auto& [name, value] : loaded_.config.kafka.settings) {
      if (kafka::is_secret(name)) loaded_.secrets.add(value);
    }
  }

  void check() {
    check_database();
    check_sources();
    check_kafka();
    check_encodings();
    check_registry();
    check_tracing();
    check_delivery();
    check_claim_checks();
    check_routes();
    check_captures();
    check_http();
  }

  void check_database() {
    if (loaded_.config.database.uri.empty() && !loaded_.config.database.name.empty()) {
      return problem("", "database.uri is missing", "give it as uri, uri_file, or the name of a variable in uri_env");
    }
    if (loaded_.config.database.uri.empty()) {
      return problem(
          "", "database.uri is missing",
          "set it in the file, ANNALS_DATABASE or --database; \"postgresql://\" takes all from PG* variables");
    }
    try {
      static_cast<void>(postgres::describe({.conninfo = loaded_.config.database.uri}));
    } catch (const Error& error) {
      return problem(loaded_.origins["database.uri"], fmt::format("database.uri: {}", error.message()), error.hint());
    }
    if (!host::may_travel_in_clear(loaded_.config.database.uri)) return;
    loaded_.warnings.emplace_back(
        "the database is on another machine and nothing demands TLS. Hint: add sslmode=verify-full to database.uri");
  }

  void check_sources() {
    const auto& config = loaded_.config;
    const auto& own = config.own_outboxes;
    for (auto at = own.begin(); at != own.end(); ++at) {
      if (std::ranges::find(own.begin(), at, at->table, &OwnOutbox::table) == at) continue;
      problem(inputs_.file, fmt::format("two [[own_outbox]] have the table {}", at->table), "keep one of them");
    }
    for (const auto& name : config.sources) {
      const bool is_own = std::ranges::find(own, name, &OwnOutbox::table) != own.end();
      if (!is_own && name != "outbox" && name != "events" && name != "changes") {
        problem(loaded_.origins["relay.sources"], fmt::format("relay.sources: \"{}\" is not a source", printable(name)),
                "use outbox, events, changes, or the table of an [[own_outbox]], with its schema");
      }
      if (is_own && config.relay.read_from != outbox::ReadFrom::table) {
        problem(loaded_.origins["relay.source"],
                fmt::format("relay.source is not table, and {} is a table of your own", name),
                "a table of your own is read as a table: give it a relay of its own");
      }
    }
  }

  void check_kafka() {
    const auto& config = loaded_.config;
    if (config.sink != SinkKind::kafka) return;
    if (config.brokers.empty()) {
      return problem("", "kafka.brokers is missing",
                     "set it in the file, ANNALS_KAFKA or --brokers; --sink stdout needs no broker");
    }
    if (config.kafka.settings.contains("bootstrap.servers")) {
      return problem("", "kafka.settings.bootstrap.servers is given", "use kafka.brokers");
    }
    warn_if_kafka_in_clear();
    try {
      kafka::require_valid(sink_options(config).settings, kafka::Client::producer);
    } catch (const Error& error) {
      problem("kafka.settings", error.message(), error.hint());
    }
  }

  void check_encodings() {
    const auto& config = loaded_.config;
    try {
      kafka::require_valid(config.kafka.encodings);
    } catch (const Error& error) {
      return problem(inputs_.file, error.message(), error.hint());
    }
    if (config.sink != SinkKind::kafka && !config.kafka.encodings.empty()) {
      loaded_.warnings.emplace_back("the encodings are not used: relay.sink is stdout");
    }
  }

  void check_registry() {
    const auto& registry = loaded_.config.registry;
    const auto& encodings = loaded_.config.kafka.encodings;
    const bool frames =
        std::ranges::any_of(encodings, [](const auto& rule) { return rule.framing != kafka::Framing::off; });
    if (frames && registry.urls.empty()) {
      problem(inputs_.file, "an encoding frames payloads, and registry.urls is missing",
              "name the registry's API, such as https://registry.example:8081, or set framing to off");
    }
    if ((registry.schemas == SchemaChoice::latest) != registry.schema_folder.empty()) {
      problem("", "registry.schemas and registry.schema_folder do not fit together",
              "file and register need a folder, latest has none");
    }
    check_registry_key();
    const auto clear = std::ranges::find_if(registry.urls, travels_in_clear);
    if (clear == registry.urls.end()) return;
    if (!registry.credentials.empty()) {
      return problem(loaded_.origins["registry.urls"], fmt::format("the password would go to {} in clear", *clear),
                     "use https");
    }
    loaded_.warnings.push_back(
        fmt::format("the schema registry {} is on another machine and there is no TLS. Hint: use https", *clear));
  }

  void check_registry_key() {
    const auto& registry = loaded_.config.registry;
    if (registry.certificate_file.empty() != registry.key_file.empty()) {
      return problem("", "of registry.certificate_file and registry.key_file one is given", "give both, or none");
    }
    if (registry.key_file.empty()) return;
    const auto path = printable(registry.key_file);
    const auto where = loaded_.origins["registry.key_file"];
    if (mode_of(registry.key_file) == 0) {
      return problem(where, fmt::format("{} cannot be read", path), "check path and permissions");
    }
    (void)is_shared(where, registry.key_file, "a key");
  }

  void check_tracing() {
    const auto& config = loaded_.config;
    const auto& endpoint = config.tracing.endpoint;
    if (endpoint.empty()) return;
    if (config.sink != SinkKind::kafka) loaded_.warnings.emplace_back("there are no spans: relay.sink is stdout");
    if (!travels_in_clear(endpoint)) return;
    loaded_.warnings.push_back(
        fmt::format("the collector {} is on another machine and there is no TLS. Hint: use https", endpoint));
  }

  void warn_if_kafka_in_clear() {
    const auto& config = loaded_.config;
    const auto protocol = config.kafka.settings.find("security.protocol");
    const bool tls = protocol != config.kafka.settings.end() && protocol->second.ends_with("ssl");
    if (tls || all_local(config.brokers)) return;
    loaded_.warnings.emplace_back(
        "a broker is on another machine and nothing demands TLS. Hint: set security.protocol to ssl or sasl_ssl in "
        "kafka.settings");
  }

  /// host:port, comma-separated.
  static bool all_local(const std::string& brokers) {
    const auto hosts = host::split(brokers, ',');
    return std::ranges::all_of(hosts, [](const std::string& broker) {
      const auto host = broker.substr(0, broker.starts_with('[') ? broker.find(']') : broker.find(':'));
      return host::is_local(host.starts_with('[') ? host.substr(1) : host);
    });
  }

  void check_delivery() {
    const auto& config = loaded_.config;
    if (config.delivery == Delivery::at_least_once) return;
    if (config.sink != SinkKind::kafka) {
      problem(loaded_.origins["relay.delivery"], "relay.delivery is exactly-once and relay.sink is stdout",
              "exactly once is Kafka's transactions: use relay.sink = \"kafka\"");
    }
    if (config.relay.checkpoint_interval * 2 > config.transactions.transaction_timeout) {
      problem("", "relay.checkpoint_interval_ms is more than half of kafka.transaction_timeout_ms",
              "the broker would abort a transaction that is still growing: lower the one or raise the other");
    }
  }

  /// What is too large for a claim check to matter would be refused before.
  void check_claim_checks() {
    const auto& config = loaded_.config;
    if (config.sink != SinkKind::kafka) return;
    const auto most = kafka::message_bytes_max(sink_options(config).settings);
    for (const auto& rule : config.relay.claim_checks) {
      if (rule.above_bytes <= most) continue;
      problem(loaded_.origins["relay.claim_check"],
              fmt::format("relay.claim_check {}={} is more than message.max.bytes, {}", printable(rule.topics),
                          rule.above_bytes, most),
              "librdkafka refuses what is between them: lower the one, or raise the other in kafka.settings");
    }
  }

  void check_routes() {
    const auto& config = loaded_.config;
    const auto& sources = config.sources;
    const bool events = std::find(sources.begin(), sources.end(), std::string_view{"events"}) != sources.end();
    if (events && config.relay.routes.empty()) {
      problem("", "the source \"events\" has no route",
              "add [[route]] with category and topic; category \"*\" takes all");
    }
    if (events && any_by_shard(config.kafka.encodings)) {
      problem("", "an encoding has partition = \"shard\", and relay.sources has \"events\"",
              "no record has what they are divided by: use another, or a relay of its own for the outbox");
    }
    if (!events && !config.relay.routes.empty()) {
      loaded_.warnings.emplace_back("the routes are not used: relay.sources has no \"events\"");
    }
  }

  void check_captures() {
    const auto& config = loaded_.config;
    const bool changes = std::ranges::find(config.sources, std::string_view{"changes"}) != config.sources.end();
    const auto& captures = config.relay.captures;
    try {
      outbox::require_valid(captures);
    } catch (const Error& error) {
      problem(inputs_.file, error.message(), error.hint());
    }
    if (changes && captures.empty()) {
      problem("", "the source \"changes\" has no capture", "add [[capture]] with table and topic");
    }
    if (!changes && !captures.empty()) {
      loaded_.warnings.emplace_back("the captures are not used: relay.sources has no \"changes\"");
    }
  }

  void check_http() {
    const auto& http = loaded_.config.http;
    if (!http.listen || http.listen->is_loopback() || http.allow_remote) return;
    problem(loaded_.origins["http.listen"],
            fmt::format("http.listen is {}, which other machines can reach", host::to_string(*http.listen)),
            "listen on 127.0.0.1, or set http.allow_remote = true: there is no authentication");
  }

  const ConfigInputs& inputs_;
  FileContents contents_;
  LoadedConfig loaded_;
  std::map<std::string, Rank> ranks_;
  bool any_secret_ = false;
};

}  // namespace

LoadedConfig load_config(const ConfigInputs& inputs) {
  FileContents contents;
  if (!inputs.file.empty()) {
    if (const auto text = read_file(inputs.file)) {
      contents = parse_toml(*text, inputs.file);
    } else {
      contents.problems.push_back(inputs.file +
                                  ": cannot be read. Hint: check path, permissions and size (at most 1 MiB)");
    }
  }
  const auto load_one = [](const ConfigInputs& of, FileContents file, const std::string& name) {
    return Loader{of, std::move(file), name}.load();
  };
  if (!contents.databases.empty()) return load_databases(inputs, std::move(contents), load_one);
  auto loaded = load_one(inputs, std::move(contents), {});
  loaded.databases.push_back({loaded.config, loaded.origins});
  return loaded;
}

}  // namespace annals::relayd
