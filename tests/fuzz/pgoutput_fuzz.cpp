// Any bytes are a message of pgoutput or an Error{corrupt}, and nothing is read beyond them; the same of what was emitted. With ANNALS_FUZZ libFuzzer looks for
// others; without, the corpus of a real server and each of its beginnings are given once (corpus_main.cpp).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "annals/core/error.hpp"
#include "enqueue/emitted.hpp"
#include "wal/pgoutput.hpp"

namespace {

using namespace annals::outbox;

std::size_t sum = 0;
const EmittedPrefix prefix{"annals", "0190"};

void decode(std::string_view content) {
  MessageView view;
  decode_emitted(content, view);
  for (const auto text : {view.topic, view.key, view.type, view.payload, view.traceparent}) sum += text.size();
  for (const auto& [name, value] : view.headers) {
    for (const char c : value) sum += name.size() + static_cast<unsigned char>(c);
  }
}

void read(const pgoutput::Tuple& tuple) {
  tuple.each([](std::size_t, const pgoutput::Value& value) {
    for (const char c : value.bytes) sum += static_cast<unsigned char>(c);
    if (value.field.size() != value.bytes.size() + (value.field.empty() ? 0 : 4)) std::abort();
  });
}

void read(const pgoutput::Change& change) {
  if (const auto* insert = std::get_if<pgoutput::Insert>(&change)) read(insert->row);
  if (const auto* update = std::get_if<pgoutput::Update>(&change)) {
    if (update->key) read(*update->key);
    if (update->old) read(*update->old);
    read(update->row);
  }
  if (const auto* removed = std::get_if<pgoutput::Delete>(&change)) {
    if (removed->key) read(*removed->key);
    if (removed->old) read(*removed->old);
  }
  if (const auto* relation = std::get_if<pgoutput::Relation>(&change)) {
    for (const auto& column : relation->columns) sum += column.name.size();
  }
  if (const auto* message = std::get_if<pgoutput::Message>(&change)) {
    sum += static_cast<std::size_t>(prefix.of(message->prefix));
    decode(message->content);
  }
}

/// Or nothing.
template <class Work>
void expect_corrupt(Work work) {
  try {
    work();
  } catch (const annals::Error& error) {
    if (error.kind() != annals::ErrorKind::corrupt) std::abort();
  }
}

}  // namespace

// libFuzzer calls it so. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // In memory of exactly its size: what is read behind it is found.
  const std::unique_ptr<char[]> exact{new char[size]};
  for (std::size_t i = 0; i < size; ++i) exact[i] = static_cast<char>(data[i]);
  const std::string_view bytes{exact.get(), size};
  expect_corrupt([&] { read(pgoutput::parse(bytes)); });
  expect_corrupt([&] { decode(bytes); });
  return 0;
}
