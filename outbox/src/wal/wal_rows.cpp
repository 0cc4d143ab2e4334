#include "wal/wal_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "annals/core/content_type.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::outbox {
namespace {

enum Field : std::uint8_t {
  position,
  stream,
  id,
  topic,
  key,
  type,
  content_type,
  payload,
  occurred_at,
  recorded_at,
  correlation_id,
  causation_id,
  traceparent,
  tracestate,
  headers,
  sequence,
  fields,
};

/// What the column of a field is called; empty: the log has none.
std::array<std::string, fields> names_of(const postgres::MessageLog& log) {
  const auto& own = log.columns;
  const std::string topic_name = log.names_topics ? "topic" : "";
  const std::string key_name = log.names_topics ? "key" : "";
  return {"position",     own.stream,   log.id,        topic_name,    key_name,         "type",
          "content_type", own.payload,  "occurred_at", "recorded_at", "correlation_id", "causation_id",
          "traceparent",  "tracestate", "headers",     own.sequence};
}

/// COPY's binary form of NULL.
constexpr std::string_view null_field{"\xFF\xFF\xFF\xFF", 4};

}  // namespace

class WalRows::Layout {
 public:
  Layout(const postgres::MessageLog& log, const pgoutput::Relation& relation) : log_(log) {
    fields_of_.assign(relation.columns.size(), fields);
    const auto names = names_of(log);
    for (std::uint8_t field = 0; field < fields; ++field) {
      if (!names[field].empty()) fields_of_[index_of(relation, names[field])] = field;
    }
  }
  bool operator==(const Layout& other) const { return fields_of_ == other.fields_of_; }

  using Values = std::array<std::string_view, fields>;
  void read(const pgoutput::Tuple& row, Values& values) const {
    if (row.size() != fields_of_.size()) fail(fmt::format("has {} values, not {}", row.size(), fields_of_.size()));
    values.fill(null_field);
    row.each([&](std::size_t i, const pgoutput::Value& value) {
      const auto field = fields_of_[i];
      if (field == fields || value.kind == pgoutput::Value::Kind::null) return;
      if (value.kind != pgoutput::Value::Kind::binary) fail(fmt::format("has no binary value in column {}", i + 1));
      values[field] = value.field;
    });
  }
  [[nodiscard]] postgres::RowReader reader(std::string_view field) const {
    return {field.data(), field.size(), log_.relation};
  }

 private:
  std::size_t index_of(const pgoutput::Relation& relation, const std::string& name) const {
    const auto found = std::find_if(relation.columns.begin(), relation.columns.end(),
                                    [&](const pgoutput::Column& column) { return column.name == name; });
    if (found != relation.columns.end()) return static_cast<std::size_t>(found - relation.columns.begin());
    throw Error{
        ErrorKind::not_ready,
        fmt::format("publication {} leaves out column {} of {}", log_.publication, name, log_.relation),
        {.hint = fmt::format("as the owner: ALTER PUBLICATION {} SET TABLE {}", log_.publication, log_.relation)}};
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw Error{ErrorKind::corrupt,
                fmt::format("a row of {} in the write-ahead log {}", log_.relation, why),
                {.hint = "the table is not as Annals made it: compare it with `annals schema validate`"}};
  }

  const postgres::MessageLog& log_;
  std::vector<std::uint8_t> fields_of_;
};

WalRows::WalRows(const postgres::MessageLog& log) : log_(log) {}
WalRows::~WalRows() = default;

void WalRows::learn(const pgoutput::Relation& relation) {
  if (fmt::format("{}.{}", relation.schema, relation.name) != log_.relation) return;
  Layout layout{log_, relation};
  if (all_.empty() || !(all_.back() == layout)) all_.push_back(std::move(layout));
  layouts_[relation.id] = &all_.back();
}

const WalRows::Layout* WalRows::layout_of(std::uint32_t relation) const {
  const auto found = layouts_.find(relation);
  return found == layouts_.end() ? nullptr : found->second;
}

void WalRows::forget() noexcept {
  layouts_.clear();
  all_.clear();
}

WalRows::Head WalRows::head(const pgoutput::Tuple& row, const Layout& layout) const {
  Layout::Values values;
  layout.read(row, values);
  return {.position = layout.reader(values[position]).bigint(),
          .stream = log_.columns.stream.empty() ? 0 : layout.reader(values[stream]).bigint(),
          .id = layout.reader(values[id]).uuid()};
}

void WalRows::decode(const pgoutput::Tuple& row, const Layout& layout, MessageView& view) const {
  Layout::Values values;
  layout.read(row, values);
  const auto of = [&](Field field) { return layout.reader(values[field]); };
  view.position = of(position).bigint();
  view.id = of(id).uuid();
  view.topic = of(topic).optional_bytes();
  view.key = of(key).optional_bytes();
  view.type = of(type).bytes();
  view.content_type = content_type_from_code(of(content_type).smallint());
  view.payload = of(payload).bytes();
  const auto occurred = of(occurred_at).optional_timestamptz();
  view.time = occurred ? *occurred : of(recorded_at).timestamptz();
  view.correlation_id = of(correlation_id).optional_bytes();
  view.causation_id = of(causation_id).optional_bytes();
  view.traceparent = of(traceparent).optional_bytes();
  view.tracestate = of(tracestate).optional_bytes();
  of(headers).pairs(view.headers);
  view.sequence = log_.columns.sequence.empty() ? 0 : of(sequence).bigint();
  view.subject = {};
  view.fault.clear();
}

}  // namespace annals::outbox
