#include "annals/core/protobuf_codec.hpp"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "annals/core/error.hpp"

namespace annals::detail {
namespace {

namespace json = google::protobuf::util;

void read_json(google::protobuf::Message& message, std::string_view data) {
  json::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // a newer writer may have added fields, as in the binary form
  const auto status = json::JsonStringToMessage(std::string{data}, &message, options);
  if (!status.ok()) {
    throw Error{ErrorKind::corrupt,
                fmt::format("not the JSON of {}: {}", protobuf_name(message), status.ToString()),
                {.hint = "check the event's type and its data"}};
  }
}

}  // namespace

std::string protobuf_name(const google::protobuf::Message& message) {
  return std::string{message.GetDescriptor()->full_name()};
}

void read_protobuf(google::protobuf::Message& message, ContentType content_type, std::string_view data) {
  if (content_type == ContentType::json) return read_json(message, data);
  if (!message.ParseFromArray(data.data(), static_cast<int>(data.size()))) {
    throw Error{ErrorKind::corrupt,
                fmt::format("{} bytes are not a {}", data.size(), protobuf_name(message)),
                {.hint = "check the event's type and its data"}};
  }
}

std::string write_protobuf(const google::protobuf::Message& message, ContentType content_type) {
  std::string out;
  if (content_type == ContentType::json) {
    const auto status = json::MessageToJsonString(message, &out);
    if (!status.ok())
      throw invalid(fmt::format("{}: {}", protobuf_name(message), status.ToString()),
                    "a message that JSON cannot hold needs the binary form");
  } else if (!message.SerializeToString(&out)) {
    throw invalid(fmt::format("{} is not complete", protobuf_name(message)), "set its required fields");
  }
  return out;
}

}  // namespace annals::detail
