#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/content_type.hpp"

namespace annals::kafka {

/// What a registry knows of the schema of a payload.
struct Schema {
  std::int32_t id = 0;
  std::optional<std::array<std::uint8_t, 16>> guid = std::nullopt;  ///< of registries that have such
  /// Of a Protobuf message: its place among the messages of its file, and for a nested one below that its place there.
  std::vector<std::int32_t> message_indexes = {};
};

/// Port: where a KafkaSink learns the ids for its frames. The caller brings the client.
///
/// Thread safety  none: that of the sink which uses it.
/// Errors         find(): Error{refused}, the registry has no such schema, or one of another kind, and the hint says what to
///                do; Error{disconnected}, it has not answered for as long as it may take. Either may be asked again.
/// Limits         neither function takes longer than a tenth of a second, but wait() as long as it is told to.
class SchemaRegistry {
 public:
  struct Question {
    std::string subject;
    std::string type;                                  ///< of the message
    ContentType content_type = ContentType::protobuf;  ///< octet_stream: Avro, which has no content type of its own

    auto operator<=>(const Question&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
  };

  SchemaRegistry() = default;
  SchemaRegistry(const SchemaRegistry&) = delete;
  SchemaRegistry& operator=(const SchemaRegistry&) = delete;
  virtual ~SchemaRegistry() = default;

  /// Nothing: the answer is on its way. Ask again.
  [[nodiscard]] virtual std::optional<Schema> find(const Question& question) = 0;
  /// Waits for an answer that is on its way; returns at once when none is. False then.
  virtual bool wait(std::chrono::milliseconds wait_max) = 0;
};

}  // namespace annals::kafka
