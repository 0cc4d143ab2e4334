#pragma once
#include <map>
#include <string>
#include <string_view>

#include "annals/core/content_type.hpp"

namespace annals::relayd {

/// What the Schema Registry API calls the kind of schema that a payload has: PROTOBUF, JSON, or AVRO of one that is neither.
[[nodiscard]] std::string_view schema_type(ContentType type) noexcept;

/// The schemas that a service writes by: TYPE.proto, TYPE.json and TYPE.avsc in one folder, read once. Immutable; const methods are
/// thread-safe.
///
/// Limits  1,000 files of 1 MiB each; other files are passed over.
class SchemaFolder {
 public:
  SchemaFolder() = default;
  /// Throws Error{invalid}: no such folder, a file that cannot be read, or over a limit.
  explicit SchemaFolder(const std::string& path);

  /// Null when there is none.
  [[nodiscard]] const std::string* find(const std::string& message_type, ContentType content_type) const;

 private:
  std::map<std::string, std::string> texts_;  ///< by file name
};

}  // namespace annals::relayd
