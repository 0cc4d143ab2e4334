#include "relay/registry/schema_folder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::relayd {
namespace {

constexpr std::size_t files_max = 1'000;
constexpr std::size_t file_bytes_max = 1U << 20U;

std::string_view extension(ContentType type) noexcept {
  switch (type) {
    case ContentType::protobuf: return ".proto";
    case ContentType::json: return ".json";
    case ContentType::octet_stream: break;
  }
  return ".avsc";
}

bool is_schema(const std::filesystem::path& path) {
  const auto end = path.extension();
  return end == ".proto" || end == ".json" || end == ".avsc";
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || text.empty() || text.size() > file_bytes_max) {
    throw invalid(
        fmt::format("the schema {} cannot be read, is empty or has more than 1 MiB", printable(path.string())),
        "check path, permissions and size");
  }
  return text;
}

}  // namespace

std::string_view schema_type(ContentType type) noexcept {
  switch (type) {
    case ContentType::protobuf: return "PROTOBUF";
    case ContentType::json: return "JSON";
    case ContentType::octet_stream: break;
  }
  return "AVRO";
}

SchemaFolder::SchemaFolder(const std::string& path) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{path, error}) {
    if (!is_schema(entry.path())) continue;
    if (texts_.size() == files_max) {
      throw invalid(fmt::format("the folder {} has more than {} schemas", printable(path), files_max),
                    "keep those of the messages that this relay publishes");
    }
    texts_.emplace(entry.path().filename().string(), read(entry.path()));
  }
  if (error) {
    throw invalid(fmt::format("the folder of schemas {} cannot be read: {}", printable(path), error.message()),
                  "correct registry.schema_folder, or its permissions");
  }
}

const std::string* SchemaFolder::find(const std::string& message_type, ContentType content_type) const {
  const auto found = texts_.find(message_type + std::string{extension(content_type)});
  return found == texts_.end() ? nullptr : &found->second;
}

}  // namespace annals::relayd
