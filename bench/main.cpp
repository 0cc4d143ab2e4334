// annals-bench: what Annals does against the floor of the same work, measured in the same run.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "benches.hpp"

namespace {

using annals::bench::BenchOptions;
using annals::bench::Measurement;
using Bench = std::vector<Measurement> (*)(const BenchOptions&);

const std::map<std::string, std::pair<Bench, const char*>> benches{
    {"append",
     {annals::bench::bench_append, "appends against raw INSERT: existing and new streams, batches, followed"}},
    {"read", {annals::bench::bench_read, "streams of 1,000 events against a text SELECT of five columns"}},
    {"replay", {annals::bench::bench_replay, "decoded replay against COPY BINARY to nowhere"}},
    {"import", {annals::bench::bench_import, "`annals events import` against COPY BINARY in"}},
    {"relay", {annals::bench::bench_relay, "outbox to Kafka against the same records from memory"}},
    {"latency", {annals::bench::bench_latency, "commit to consumer against produce to consumer"}},
    {"projection", {annals::bench::bench_projection, "a read model rebuilt against replay alone"}}};

void print(const std::vector<Measurement>& measurements, bool json) {
  for (const auto& measurement : measurements) {
    std::puts((json ? as_json(measurement) : as_text(measurement)).c_str());
    std::fflush(stdout);
  }
}

}  // namespace

// What throws outside of the try block is a mistake in the declaration of the options.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape)
  CLI::App app{"Measures Annals against floors; needs the stack: script/stack up; eval \"$(script/stack env)\""};
  BenchOptions options;
  bool json = false;
  app.add_flag("--json", json, "one object a line: name, value, unit, floor, ratio, rounds");
  app.add_option("--rounds", options.rounds, "rounds that count")->check(CLI::Range(1, 100));
  app.add_option("--seconds", options.seconds, "length of a timed round")->check(CLI::Range(0.1, 600.0));
  app.add_option("--events", options.events, "events of a counted round")->check(CLI::Range(1000, 100'000'000));
  app.add_option("--only", options.only, "what begins so, as append/followed/16");
  app.require_subcommand(1, 0);
  app.fallthrough();
  for (const auto& [name, bench] : benches) app.add_subcommand(name, bench.second);
  CLI11_PARSE(app, argc, argv);
  try {
    for (const auto* chosen : app.get_subcommands()) print(benches.at(chosen->get_name()).first(options), json);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "annals-bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
