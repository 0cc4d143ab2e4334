#pragma once
#include <string_view>
#include <utility>
#include <vector>

#include "annals/kafka/encoding.hpp"
#include "annals/outbox/message.hpp"
#include "client/client.hpp"
#include "wire/attribute.hpp"

namespace annals::kafka {

/// Where a record framed by header has its schema's id, and where its key would have it.
inline constexpr std::string_view value_schema_header = "__value_schema_id";
inline constexpr std::string_view key_schema_header = "__key_schema_id";

/// Appends a header to a record's; throws std::bad_alloc.
void add_header(rd_kafka_headers_t& headers, std::string_view name, std::string_view value);

/// Why no rule may write a header of that name; empty: it may.
[[nodiscard]] std::string_view why_reserved(std::string_view header, Encoding encoding) noexcept;

/// What a rule does with headers. Immutable; borrows the rule.
class HeaderMap {
 public:
  explicit HeaderMap(const EncodingRule& rule);

  /// The message's own headers, its trace context, the rule's attributes and constants. Throws Error{refused}: a header of the
  /// message's own has a name that is written here.
  void add_to(rd_kafka_headers_t& headers, const outbox::MessageView& message, std::string_view source) const;
  /// The trace context alone.
  void add_trace(rd_kafka_headers_t& headers, const outbox::MessageView& message) const;
  /// At most this many headers beyond the message's own.
  [[nodiscard]] std::size_t count_max() const noexcept { return 5 + attributes_.size() + rule_.add.size(); }
  /// At most this many bytes beyond those.
  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }

 private:
  void add_own(rd_kafka_headers_t& headers, const outbox::MessageView& message) const;
  [[nodiscard]] bool drops(std::string_view name) const;
  [[nodiscard]] std::string_view new_name(std::string_view name) const;
  [[nodiscard]] bool writes(std::string_view name) const;

  const EncodingRule& rule_;
  std::vector<std::pair<Attribute, std::string_view>> attributes_;
  std::size_t bytes_max_ = 0;
};

}  // namespace annals::kafka
