#include "cli/screen/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/text/offered_command.hpp"
#include "host/text/shown.hpp"
#include "host/text/terminal.hpp"

namespace annals::cli {
namespace {

std::string_view to_string(Level level) { return level == Level::ok ? "ok" : level == Level::warn ? "warn" : "fail"; }

std::string painted(Level level) {
  const auto style = host::Style::for_stream(stdout);
  const auto text = fmt::format("{:<4}", to_string(level));
  return level == Level::ok ? style.green(text) : level == Level::warn ? style.yellow(text) : style.red(text);
}

/// Not a table: a remedy must never be cut.
void print_lines(Output& output, const Checks& checks) {
  std::size_t width = 0;
  for (const auto& check : checks) width = std::max(width, check.name.size());
  for (const auto& check : checks) {
    output.write(fmt::format("{}  {:<{}}  {}\n", painted(check.level), check.name, width, host::shown(check.detail)));
    if (!check.remedy.empty()) output.write(fmt::format("{:>{}}  -> {}\n", "", width + 6, host::shown(check.remedy)));
  }
  output.flush();
}

void print_report(Invocation& invocation, const Checks& checks) {
  Report report{invocation.output, invocation.format, {{"check"}, {"status"}, {"detail"}, {"remedy"}}};
  for (const auto& check : checks) {
    report.add({cell(check.name), cell(to_string(check.level)), cell(check.detail),
                check.remedy.empty() ? no_value() : cell(check.remedy)});
  }
  report.finish();
}

}  // namespace

host::ExitCode report_checks(Invocation& invocation, Checks checks) {
  for (auto& check : checks) check.remedy = host::with_options(check.remedy, invocation.command_options);
  invocation.format == Format::table ? print_lines(invocation.output, checks) : print_report(invocation, checks);
  const bool failed = std::any_of(checks.begin(), checks.end(), [](const auto& c) { return c.level == Level::fail; });
  return failed ? host::ExitCode::check_failed : host::ExitCode::ok;
}

}  // namespace annals::cli
