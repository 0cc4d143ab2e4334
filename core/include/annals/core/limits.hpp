#pragma once
#include <cstddef>

/// Every bound that holds across modules, with its unit and its reason. Checked before anything is sent.
namespace annals::limits {

/// The name is a key of a B-tree, whose entries must stay well below a third of a page.
inline constexpr std::size_t stream_name_bytes_max = 512;
/// Type names travel with every event and label metrics.
inline constexpr std::size_t event_type_bytes_max = 256;
/// Above this a row is slow to move and Kafka's default message.max.bytes (1 MB) is long passed.
inline constexpr std::size_t event_data_bytes_max = 16U << 20U;
/// Correlation and causation ids, traceparent and tracestate (W3C asks for at least 512).
inline constexpr std::size_t metadata_value_bytes_max = 1024;
inline constexpr std::size_t header_count_max = 64;
inline constexpr std::size_t header_name_bytes_max = 128;
inline constexpr std::size_t header_value_bytes_max = 8192;
/// One append is one statement and one transaction: beyond this, split. Bytes are those of type, data and metadata; text
/// on the wire takes up to four times as many, which must stay far below what PostgreSQL takes in one message (1 GB).
inline constexpr std::size_t append_events_max = 10'000;
inline constexpr std::size_t append_bytes_max = 64U << 20U;
/// Kafka's own limit on topic names.
inline constexpr std::size_t topic_bytes_max = 249;

}  // namespace annals::limits
