#include "cli/screen/event_report.hpp"

#include "annals/core/text.hpp"
#include "annals/json/event_text.hpp"

namespace annals::cli {
namespace {

std::vector<ReportColumn> columns_of(EventReport::Columns columns) {
  if (columns == EventReport::Columns::of_log) {
    return {{"position", Align::right}, {"time"}, {"stream"}, {"version", Align::right}, {"type"}, {"data"}};
  }
  return {{"version", Align::right}, {"position", Align::right}, {"time"}, {"type"}, {"data"}};
}

}  // namespace

EventReport::EventReport(Output& output, Format format, Columns columns)
    : format_(format), columns_(columns), report_(output, format, columns_of(columns)) {}

void EventReport::add(const RecordedEvent& event) {
  if (format_ != Format::table) return report_.add({}, json::event_text(event));
  const auto position = std::to_string(event.position.value());
  const auto version = std::to_string(event.version.value());
  const auto time = format_timestamp(event.time());
  // JSON is shown as it is, quotes and all; its own rules keep ASCII control characters out.
  const auto data = without_terminal_controls(json::data_text(event));
  if (columns_ == Columns::of_log) {
    report_.add({position, time, display_text(event.stream.view()), version, display_text(event.type), data}, {});
  } else {
    report_.add({version, position, time, display_text(event.type), data}, {});
  }
}

}  // namespace annals::cli
