// Written by hand: a dozen fields, whose numbers are fixed for ever (opentelemetry/proto/trace/v1 and its neighbours). The test reads
// them with the classes that OpenTelemetry publishes.
#include "relay/tracing/otlp.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace annals::relayd {
namespace {

enum Wire : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
constexpr std::uint64_t client_kind = 3;
constexpr std::uint64_t error_status = 2;
/// Of Span.flags and Link.flags: it is known whether the parent is of another process, and it is.
constexpr std::uint32_t remote_parent = 0x300;

/// One message of the protocol while it is written.
class Fields {
 public:
  Fields& number(std::uint32_t field, std::uint64_t value) {
    tag(field, varint);
    put_varint(value);
    return *this;
  }
  Fields& text(std::uint32_t field, std::string_view value) {
    if (value.empty()) return *this;
    return nested(field, value);
  }
  /// Also when it is empty.
  Fields& nested(std::uint32_t field, std::string_view value) {
    tag(field, bytes);
    put_varint(value.size());
    out_.append(value);
    return *this;
  }
  Fields& nested(std::uint32_t field, const Fields& value) { return nested(field, value.out_); }
  template <class Array>
  Fields& id(std::uint32_t field, const Array& value) {
    return nested(field, {reinterpret_cast<const char*>(value.data()), value.size()});
  }
  Fields& time(std::uint32_t field, Timestamp value) {
    const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(value.time_since_epoch()).count();
    tag(field, fixed64);
    put_fixed(static_cast<std::uint64_t>(nanoseconds), 8);
    return *this;
  }
  Fields& flags(std::uint32_t field, std::uint32_t value) {
    tag(field, fixed32);
    put_fixed(value, 4);
    return *this;
  }
  Fields& attribute(std::uint32_t field, std::string_view key, std::string_view value) {
    return nested(field, Fields{}.text(1, key).nested(2, Fields{}.nested(1, value)));
  }
  [[nodiscard]] std::string take() && { return std::move(out_); }

 private:
  void tag(std::uint32_t field, Wire wire) { put_varint(field << 3U | wire); }
  void put_varint(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) out_ += static_cast<char>((value & 0x7FU) | 0x80U);
    out_ += static_cast<char>(value);
  }
  void put_fixed(std::uint64_t value, int size) {
    for (; size > 0; --size, value >>= 8U) out_ += static_cast<char>(value & 0xFFU);
  }

  std::string out_;
};

Fields link_of(const Span& span) {
  Fields link;
  link.id(1, span.parent.trace_id).id(2, span.parent.span_id).text(3, span.trace_state);
  link.flags(6, remote_parent | span.parent.flags);
  return link;
}

Fields encode(const Span& span) {
  Fields out;
  out.id(1, span.parent.trace_id).id(2, span.id).text(3, span.trace_state).id(4, span.parent.span_id);
  out.text(5, "send " + span.topic).number(6, client_kind).time(7, span.begin).time(8, span.end);
  out.attribute(9, "messaging.system", "kafka")
      .attribute(9, "messaging.operation.name", "send")
      .attribute(9, "messaging.operation.type", "send")
      .attribute(9, "messaging.destination.name", span.topic)
      .attribute(9, "messaging.message.id", span.message_id);
  if (!span.error.empty()) out.attribute(9, "error.type", span.error);
  out.nested(13, link_of(span));
  if (!span.error.empty()) out.nested(15, Fields{}.number(3, error_status));
  out.flags(16, remote_parent | span.parent.flags);
  return out;
}

}  // namespace

std::string encode_otlp(std::span<const Span> spans, const std::string& service_name) {
  Fields scope_spans;
  scope_spans.nested(1, Fields{}.text(1, "annals-relay").text(2, ANNALS_VERSION));
  for (const auto& span : spans) scope_spans.nested(2, encode(span));
  Fields resource_spans;
  resource_spans.nested(1, Fields{}.attribute(1, "service.name", service_name)).nested(2, scope_spans);
  Fields request;
  request.nested(1, resource_spans);
  return std::move(request).take();
}

}  // namespace annals::relayd
