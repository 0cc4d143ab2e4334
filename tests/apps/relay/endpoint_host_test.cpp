#include <gtest/gtest.h>

#include "relay/http_endpoint.hpp"

namespace annals::relayd {
namespace {

TEST(RelayEndpointHost, AllowsNamesOfLoopbackOnly) {
  for (const char* host : {"localhost", "localhost:9464", "127.0.0.1:1", "127.1.2.3", "[::1]:80", "[::1]"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1:1",
                           "[::2]", "evil.example:127.0.0.1", "localhost:1:2"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

}  // namespace
}  // namespace annals::relayd
