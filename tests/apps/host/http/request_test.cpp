#include "host/http/request.hpp"

#include <gtest/gtest.h>

namespace annals::host {
namespace {

TEST(RequestHost, AllowsNamesOfLoopbackOnly) {
  for (const char* host : {"localhost", "localhost:9464", "127.0.0.1:1", "127.1.2.3", "[::1]:80", "[::1]"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1:1",
        "[::2]", "[::1].evil.example", "evil.example:127.0.0.1", "localhost:1:2", "localhost@evil.example", "0.0.0.0",
        "0", "[127.0.0.1]", "::1:80:80", "LOCALHOST.evil", "127.evil.example", "localhost.", "[::ffff:10.0.0.1]"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(Request, ReadsPathAndHost) {
  const auto request = parse_request("GET /metrics?a=b HTTP/1.1\r\nhOsT: \t localhost:1 \r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(request.refusal, 0);
  EXPECT_EQ(request.path, "/metrics");
  EXPECT_EQ(request.host, "localhost:1");
  EXPECT_EQ(parse_request("GET / HTTP/1.0\r\n\r\n").host, "");
}

struct Refused {
  const char* head;
  int status;
};

TEST(Request, RefusesWhatTwoReadersMightUnderstandDifferently) {
  const Refused all[] = {
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n", 405},
      {"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {"get / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n", 413},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 413},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\n X: folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: local\r\n host\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: localhost\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: local host\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n: empty\r\n\r\n", 400},
      {"GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505},
      {"GET /\r\nHost: localhost\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"\r\n\r\n", 400},
  };
  for (const auto& [head, status] : all) EXPECT_EQ(parse_request(head).refusal, status) << head;
}

}  // namespace
}  // namespace annals::host
