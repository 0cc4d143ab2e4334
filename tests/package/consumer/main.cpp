// A program outside the tree that embeds Annals. README.md shows the marked part.
// [embed]
#include <annals/eventstore/event_store.hpp>
#include <cstdio>

int main(int argc, char** argv) {
  const annals::eventstore::EventStore store{{.conninfo = argc > 1 ? argv[1] : ""}};
  const annals::StreamName stream{"account-1"};
  (void)store.append(stream, annals::ExpectedVersion::any(), {{.type = "bank.v1.Opened", .data = "hello"}});
  for (const auto& event : store.read_stream(stream)) {
    std::printf("%s version %lld: %s\n", event.type.c_str(), static_cast<long long>(event.version.value()),
                event.data.c_str());
  }
}
// [embed]
