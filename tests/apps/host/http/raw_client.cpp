#include "http/raw_client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace annals::tests {

RawClient::RawClient(int port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  ::close(descriptor_);
  descriptor_ = -1;
}

RawClient::~RawClient() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool RawClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::string RawClient::read_all() const {
  std::string text;
  std::array<char, 4096> chunk{};
  for (auto count = ::recv(descriptor_, chunk.data(), chunk.size(), 0); count > 0;
       count = ::recv(descriptor_, chunk.data(), chunk.size(), 0)) {
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

HttpAnswer parse_answer(const std::string& text) {
  constexpr std::string_view version = "HTTP/1.1 ";
  constexpr std::string_view type = "\r\nContent-Type: ";
  const auto end = text.find("\r\n\r\n");
  if (!text.starts_with(version) || end == std::string::npos) return {};
  HttpAnswer answer{
      .status = std::atoi(text.c_str() + version.size()), .body = text.substr(end + 4), .content_type = {}};
  if (const auto at = text.find(type); at < end) {
    answer.content_type = text.substr(at + type.size(), text.find("\r\n", at + 2) - at - type.size());
  }
  return answer;
}

}  // namespace annals::tests
