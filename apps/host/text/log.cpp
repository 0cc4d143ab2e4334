#include "host/text/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <span>
#include <vector>

#include "annals/core/text.hpp"
#include "annals/json/string.hpp"
#include "host/text/offered_command.hpp"

namespace annals::host {
namespace {

constexpr std::size_t value_bytes_max = 2000;

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool is_plain(std::string_view value) {
  return !value.empty() && value.find_first_of(" \"=") == std::string_view::npos;
}

std::string text_body(const Secrets& secrets, std::string_view message, std::span<const Log::Field> fields) {
  std::string out = printable(secrets.removed_from(std::string{message}), value_bytes_max);
  for (const auto& [name, value] : fields) {
    const auto shown = printable(secrets.removed_from(std::string{value}), value_bytes_max);
    out += is_plain(value) ? fmt::format(" {}={}", name, shown) : fmt::format(" {}=\"{}\"", name, shown);
  }
  return out;
}

std::string json_body(const Secrets& secrets, std::string_view message, std::span<const Log::Field> fields) {
  std::string out = "\"message\":";
  json::append_string(out, secrets.removed_from(std::string{message}));
  for (const auto& [name, value] : fields) {
    out += ',';
    json::append_string(out, name);
    out += ':';
    json::append_string(out, secrets.removed_from(std::string{value}).substr(0, value_bytes_max));
  }
  return out;
}

std::string left_out_text(LogFormat format, int count) {
  return format == LogFormat::json ? fmt::format(R"(,"left_out":"{}")", count) : fmt::format(" left_out={}", count);
}

}  // namespace

Log::Log(const LogOptions& options, Secrets secrets)
    : format_(options.format),
      secrets_(std::move(secrets)),
      logger_(std::make_shared<spdlog::logger>("annals", std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  const bool json = format_ == LogFormat::json;
  logger_->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                       spdlog::pattern_time_type::utc);
  logger_->set_level(spdlog::level::from_str(options.level));
  logger_->flush_on(spdlog::level::debug);
}

Log::Log(const Log& whole, Secrets secrets, Part part)
    : format_(whole.format_), secrets_(std::move(secrets)), part_(std::move(part)), logger_(whole.logger_) {}

Log::~Log() = default;

std::string Log::body(std::string_view message, Fields fields) const {
  std::vector<Field> all;
  all.reserve(fields.size() + 1);
  if (!part_.value.empty()) all.emplace_back(part_.label, part_.value);
  std::string hint;
  for (const auto& [name, value] : fields) {
    if (name == "hint") hint = with_options(value, part_.command_options);
    all.emplace_back(name, name == "hint" ? std::string_view{hint} : value);
  }
  return format_ == LogFormat::json ? json_body(secrets_, message, all) : text_body(secrets_, message, all);
}

void Log::write(Level level, std::string_view message, Fields fields) {
  if (!logger_->should_log(spdlog_level(level))) return;
  const auto line = body(message, fields);
  logger_->log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
}

void Log::write_limited(Level level, std::string_view message, Fields fields) {
  auto line = body(message, fields);
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock{mutex_};
    if (repeats_.size() >= repeats_max) repeats_.clear();
    const auto [entry, first] = repeats_.try_emplace(line, Repeat{now});
    if (!first && now - entry->second.written < repeat_interval) {
      ++entry->second.left_out;
      return;
    }
    const auto left_out = std::exchange(entry->second, Repeat{now}).left_out;
    if (left_out > 0) line += left_out_text(format_, left_out);
  }
  logger_->log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
}

std::string Log::safe(std::string_view text) const {
  return printable(secrets_.removed_from(std::string{text}), value_bytes_max);
}

}  // namespace annals::host
