#include "relay/registry/registry_client.hpp"

#include <fmt/format.h>

#include <utility>

#include "annals/core/text.hpp"
#include "annals/json/string.hpp"
#include "relay/registry/message_indexes.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;
using Kind = RegistryAnswer::Kind;
using Question = kafka::SchemaRegistry::Question;

constexpr std::string_view media_type = "application/vnd.schemaregistry.v1+json";
/// Somebody may be about to register what is missing, and must not wait for us then.
constexpr milliseconds missing_for{1'000};
constexpr milliseconds backoff_initial{100};

/// A subject in a path.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string describe(const Question& question) {
  return fmt::format("{} under subject {}", printable(question.type), printable(question.subject));
}

RegistryMemory::Entry refusal(std::string reason, std::string hint) {
  return {.schema = std::nullopt, .reason = std::move(reason), .hint = std::move(hint)};
}

}  // namespace

RegistryClient::RegistryClient(RegistryOptions options, std::shared_ptr<RegistryMemory> memory, Clock& clock)
    : options_(std::move(options)),
      folder_(options_.schemas == SchemaChoice::latest ? SchemaFolder{} : SchemaFolder{options_.schema_folder}),
      memory_(std::move(memory)),
      clock_(clock),
      exchange_({.ca_file = options_.ca_file,
                 .certificate_file = options_.certificate_file,
                 .key_file = options_.key_file,
                 .credentials = options_.credentials,
                 .timeout = options_.timeout}),
      backoff_(Backoff::Options{.initial = backoff_initial, .max = options_.timeout}) {}

std::optional<kafka::Schema> RegistryClient::find(const Question& question) {
  const auto now = clock_.steady();
  if (last_ && last_->first == question && now < last_->second.fresh_until) return last_->second.schema;
  take(exchange_.poll(milliseconds{0}));
  auto known = memory_->find(question);
  if (known && now < known->fresh_until) {
    waiting_since_.reset();
    if (!known->schema) throw Error{ErrorKind::refused, known->reason, {.hint = known->hint}};
    last_.emplace(question, *known);
    return known->schema;
  }
  if (may_ask()) ask(question);
  if (known && known->schema) return known->schema;  // it was right, and is unless somebody has registered another one
  if (denied_) throw *std::exchange(denied_, std::nullopt);
  if (memory_->find(question)) return find(question);  // a file that is not there: nobody was asked
  require_patience();
  return std::nullopt;
}

bool RegistryClient::wait(milliseconds wait_max) {
  if (memory_->is_away() && may_ask()) probe();
  if (!exchange_.is_under_way()) return false;
  take(exchange_.poll(wait_max));
  return true;
}

void RegistryClient::require_patience() {
  const auto now = clock_.steady();
  if (!waiting_since_) waiting_since_ = now;
  if (now - *waiting_since_ < options_.wait_max) return;
  waiting_since_.reset();
  throw Error{ErrorKind::disconnected,
              fmt::format("the schema registry at {} does not answer: {}", url(),
                          failure_.empty() ? "nothing came in time" : failure_),
              {.hint = "is it up, and do registry.urls, the files of certificates and the network fit? Nothing is "
                       "lost: publishing goes on "
                       "when it answers"}};
}

void RegistryClient::ask(const Question& question) {
  const std::string* text = nullptr;
  if (options_.schemas != SchemaChoice::latest) {
    text = folder_.find(question.type, question.content_type);
    if (text == nullptr) {
      auto entry =
          refusal(fmt::format("registry.schema_folder has no schema of {}", describe(question)),
                  "put TYPE.proto, TYPE.json or TYPE.avsc there and restart, or set framing to off for its topic");
      entry.fresh_until = clock_.steady() + missing_for;
      return memory_->put(question, std::move(entry));
    }
  }
  asked_ = question;
  exchange_.start(request_for(question, text));
}

void RegistryClient::probe() {
  asked_.reset();
  exchange_.start({.url = url() + "/schemas/types"});
}

HttpRequest RegistryClient::request_for(const Question& question, const std::string* text) const {
  const auto subject = fmt::format("{}/subjects/{}", url(), escaped(question.subject));
  if (text == nullptr) return {.url = subject + "/versions/latest"};
  const bool may_register = options_.schemas == SchemaChoice::registered;
  return {.url = fmt::format("{}{}?normalize=true", subject, may_register ? "/versions" : ""),
          .media_type = std::string{media_type},
          .body = fmt::format("{{\"schemaType\":\"{}\",\"schema\":{}}}", schema_type(question.content_type),
                              json::as_string(*text))};
}

void RegistryClient::take(const std::optional<HttpAnswer>& answer) {
  if (!answer) return;
  const auto read = read_registry_answer(*answer);
  if (read.kind == Kind::away) return fail(read.reason);
  memory_->set_away(false);
  failed_urls_ = 0;
  backoff_.reset();
  if (asked_) take(*std::exchange(asked_, std::nullopt), read);
}

void RegistryClient::take(const Question& question, const RegistryAnswer& answer) {
  if (answer.kind == Kind::denied) {
    next_attempt_ = clock_.steady() + backoff_.next();
    denied_.emplace(
        ErrorKind::not_ready,
        fmt::format("the schema registry at {} gives no schema of {}: {}", url(), describe(question), answer.reason),
        Error::Details{.hint = "correct registry.urls (with the path of the API, such as /apis/ccompat/v7), "
                               "registry.auth_file, or the rights of its user"});
    return;
  }
  memory_->put(question, entry_of(question, answer));
}

/// The next address is asked at once; when none has answered, there is a pause.
void RegistryClient::fail(const std::string& reason) {
  failure_ = reason;
  url_ = (url_ + 1) % options_.urls.size();
  if (++failed_urls_ < options_.urls.size()) return;
  failed_urls_ = 0;
  memory_->set_away(true);
  next_attempt_ = clock_.steady() + backoff_.next();
}

RegistryMemory::Entry RegistryClient::entry_of(const Question& question, const RegistryAnswer& answer) const {
  const auto now = clock_.steady();
  const auto refuse = [&](std::string reason, std::string hint) {
    auto entry = refusal(std::move(reason), std::move(hint));
    entry.fresh_until = now + missing_for;
    return entry;
  };
  if (answer.kind == Kind::missing) {
    return refuse(fmt::format("the schema registry has no schema of {}: {}", describe(question), answer.reason),
                  "register it, or set framing to off for its topic");
  }
  const bool latest = options_.schemas == SchemaChoice::latest;
  const auto type = !latest || answer.type.empty()
                        ? schema_type(latest ? ContentType::octet_stream : question.content_type)
                        : std::string_view{answer.type};
  if (type != schema_type(question.content_type)) {
    return refuse(fmt::format("the schema of {} is {}, the message is {}", describe(question), printable(type),
                              schema_type(question.content_type)),
                  "choose another subject for its topic (subject in its encoding), or correct its content type");
  }
  Entry entry{.schema = kafka::Schema{.id = answer.id, .guid = answer.guid}};
  if (latest) entry.fresh_until = now + options_.fresh_for;
  if (question.content_type != ContentType::protobuf) return entry;
  const auto* text = latest ? &answer.text : folder_.find(question.type, question.content_type);
  entry.schema->message_indexes = message_indexes(*text, question.type);
  if (!entry.schema->message_indexes.empty()) return entry;
  return refuse(fmt::format("the schema of {} has no message of that name", describe(question)),
                "the message's type must be the full name of a message in the schema: correct one of them");
}

}  // namespace annals::relayd
