#pragma once
#include "annals/core/event.hpp"
#include "cli/screen/report.hpp"

namespace annals::cli {

/// Events for people, or as event lines (json::event_text) with -o json and jsonl. The same lifecycle as Report.
class EventReport {
 public:
  enum class Columns { of_stream, of_log };  ///< of_log has the stream's name, too

  EventReport(Output& output, Format format, Columns columns);
  void add(const RecordedEvent& event);
  void flush() { report_.flush(); }
  void finish() { report_.finish(); }

 private:
  Format format_;
  Columns columns_;
  Report report_;
};

}  // namespace annals::cli
