#include "annals/json/event_line.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "annals/json/base64.hpp"
#include "annals/json/metadata.hpp"
#include "annals/json/scanner.hpp"
#include "annals/json/string.hpp"

namespace annals::json {
namespace {

enum Name : std::size_t { stream, type, data, data_base64, content_type, metadata, time, id, version, position, count };

constexpr std::array<std::string_view, Name::count> names = {"stream",   "type", "data", "data_base64", "content_type",
                                                             "metadata", "time", "id",   "version",     "position"};

Error bad_line(const std::string& message, const std::string& hint) { return invalid(message, hint); }

/// Far more than there are names, so that the one that is wrong is named.
constexpr std::size_t members_max = 64;

/// The members of one line by name; absent ones are nothing.
class Line {
 public:
  explicit Line(std::string_view text) {
    for (const auto& member : members(text, members_max)) put(member);
  }

  [[nodiscard]] bool has(Name name) const noexcept { return members_[name].has_value(); }
  [[nodiscard]] std::string_view json(Name name) const { return members_[name].value(); }

  [[nodiscard]] std::string text(Name name, std::string_view hint) const {
    if (!has(name)) throw bad_line(fmt::format("member \"{}\" is missing", names[name]), std::string{hint});
    if (!json(name).starts_with('"')) {
      throw bad_line(fmt::format("member \"{}\" is not a string", names[name]), std::string{hint});
    }
    return decode_string(json(name));
  }

 private:
  void put(const Member& member) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != member.name) continue;
      if (members_[i]) throw bad_line(fmt::format("member \"{}\" appears twice", member.name), "keep one of them");
      members_[i] = member.text;
      return;
    }
    throw bad_line(fmt::format("unknown member \"{}\"", printable(member.name)),
                   fmt::format("known are {}; put what else you have into \"data\" or \"metadata\"",
                               fmt::join(names.begin(), names.end(), ", ")));
  }
  std::array<std::optional<std::string_view>, Name::count> members_;
};

void read_base64(const Line& line, NewEvent& event) {
  auto bytes = decode_base64(line.text(data_base64, "write the bytes as base64 in quotes"));
  if (!bytes) throw bad_line("member \"data_base64\" is not base64", "use RFC 4648 with padding and no line breaks");
  const auto media = line.text(content_type, "data_base64 needs a content_type, such as \"application/protobuf\"");
  const auto known = parse_media_type(media);
  if (!known) {
    throw bad_line(fmt::format("unknown content_type \"{}\"", printable(media)),
                   "use application/protobuf, application/json or application/octet-stream");
  }
  event.data = *std::move(bytes);
  event.content_type = *known;
}

void read_data(const Line& line, NewEvent& event) {
  if (line.has(data) == line.has(data_base64)) {
    throw bad_line(line.has(data) ? "both \"data\" and \"data_base64\" are given" : "member \"data\" is missing",
                   "give JSON in \"data\", or bytes in \"data_base64\" with \"content_type\"");
  }
  if (line.has(data_base64)) return read_base64(line, event);
  if (line.has(content_type) && line.text(content_type, "write it in quotes") != media_type(ContentType::json)) {
    throw bad_line("\"data\" is JSON, but \"content_type\" says otherwise",
                   "leave content_type out, or use data_base64");
  }
  event.data = compact(line.json(data));
  event.content_type = ContentType::json;
}

Timestamp read_time(const Line& line) {
  constexpr std::string_view hint = "use RFC 3339 with a zone, such as \"2026-03-01T12:00:00Z\"";
  const auto text = line.text(time, hint);
  const auto parsed = parse_timestamp(text);
  if (!parsed) throw bad_line(fmt::format("time \"{}\" is not understood", printable(text)), std::string{hint});
  return *parsed;
}

EventId read_id(const Line& line) {
  constexpr std::string_view hint = "use the 36 characters of a UUID, or leave the id out";
  const auto text = line.text(id, hint);
  const auto parsed = EventId::parse(text);
  if (!parsed) throw bad_line(fmt::format("id \"{}\" is not a UUID", printable(text)), std::string{hint});
  return *parsed;
}

StreamVersion read_version(const Line& line) {
  const auto json = line.json(version);
  const auto value = parse_number<std::int64_t>(json);
  if (!value || *value < 1) {
    throw bad_line(fmt::format("version {} is not a whole number from 1 on", printable(json)),
                   "versions of a stream are 1, 2, 3 …; leave them out to append at the end");
  }
  return StreamVersion{*value};
}

}  // namespace

EventLine read_event_line(std::string_view text) {
  const Line line{text};
  EventLine read{.stream = StreamName{line.text(stream, "every line needs a \"stream\" and a \"type\" in quotes")}};
  auto& event = read.event;
  event.type = line.text(type, "every line needs a \"stream\" and a \"type\" in quotes");
  read_data(line, event);
  if (line.has(metadata)) event.metadata = read_metadata(line.json(metadata));
  if (line.has(time)) event.occurred_at = read_time(line);
  if (line.has(id)) event.id = read_id(line);
  if (line.has(version)) read.version = read_version(line);
  require_valid(event);
  return read;
}

}  // namespace annals::json
