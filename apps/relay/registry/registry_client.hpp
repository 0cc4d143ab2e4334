#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "annals/core/backoff.hpp"
#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/kafka/schema_registry.hpp"
#include "relay/registry/registry_answer.hpp"
#include "relay/registry/registry_memory.hpp"
#include "relay/registry/registry_options.hpp"
#include "relay/registry/schema_folder.hpp"
#include "relay/remote/http_exchange.hpp"

namespace annals::relayd {

/// Asks a schema registry (Confluent's API, which others speak, too) for the schemas that a sink frames with; one question at a time,
/// and never waits for the answer but in wait().
///
/// A registry that does not answer is asked again with growing pauses, its addresses in turn. What was known and is no longer fresh
/// holds until it does. While it is away wait() goes on asking whether it is there, without a message that would need it.
///
/// Lifecycle      one for each sink, which borrows it; the memory outlives both.
/// Thread safety  none, but answers().
/// Errors         find(): Error{refused}, there is no schema for that message; Error{not_ready}, the registry does not let us ask, or is
///                none; Error{disconnected}, no answer for wait_max. The constructor: Error{invalid}, the folder of schemas.
/// Limits         those of RegistryOptions; a refusal is remembered for a second.
class RegistryClient final : public kafka::SchemaRegistry {
 public:
  RegistryClient(RegistryOptions options, std::shared_ptr<RegistryMemory> memory, Clock& clock);

  [[nodiscard]] std::optional<kafka::Schema> find(const Question& question) override;
  bool wait(std::chrono::milliseconds wait_max) override;
  /// The registry answered when it was asked last.
  [[nodiscard]] bool answers() const noexcept { return !memory_->is_away(); }

 private:
  using Time = RegistryMemory::Time;
  using Entry = RegistryMemory::Entry;

  void ask(const Question& question);
  void probe();
  [[nodiscard]] bool may_ask() const { return !exchange_.is_under_way() && clock_.steady() >= next_attempt_; }
  void take(const std::optional<HttpAnswer>& answer);
  void take(const Question& question, const RegistryAnswer& answer);
  void fail(const std::string& reason);
  [[nodiscard]] Entry entry_of(const Question& question, const RegistryAnswer& answer) const;
  [[nodiscard]] HttpRequest request_for(const Question& question, const std::string* text) const;
  void require_patience();
  [[nodiscard]] const std::string& url() const { return options_.urls.at(url_); }

  const RegistryOptions options_;
  const SchemaFolder folder_;
  const std::shared_ptr<RegistryMemory> memory_;
  Clock& clock_;
  HttpExchange exchange_;
  Backoff backoff_;
  std::size_t url_ = 0;
  std::size_t failed_urls_ = 0;    ///< one after another
  std::optional<Question> asked_;  ///< what is under way; nothing: a probe
  std::optional<Error> denied_;    ///< until somebody asks
  std::string failure_;            ///< of the last attempt
  Time next_attempt_ = Time::min();
  std::optional<Time> waiting_since_;
  std::optional<std::pair<Question, Entry>> last_;  ///< messages of one kind come in runs
};

}  // namespace annals::relayd
