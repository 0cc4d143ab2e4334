#pragma once
#include <functional>

namespace annals::bench {

/// What client number `client` does again and again; made before the time runs.
using MakeCall = std::function<std::function<void()>(int client)>;

/// Runs the calls of so many clients, each in a thread of its own, for `seconds`; calls a second of all together.
[[nodiscard]] double rate(int clients, double seconds, const MakeCall& make_call);

}  // namespace annals::bench
