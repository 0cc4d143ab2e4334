// Any bytes are a message of pgoutput or an Error{corrupt}, and nothing is read beyond them. With ANNALS_FUZZ libFuzzer looks for
// others; without, the corpus of a real server and each of its beginnings are given once (corpus_main.cpp).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "annals/core/error.hpp"
#include "wal/pgoutput.hpp"

namespace {

using namespace annals::outbox;

std::size_t sum = 0;

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
  if (const auto* message = std::get_if<pgoutput::Message>(&change)) sum += message->content.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // In memory of exactly its size: what is read behind it is found.
  const std::unique_ptr<char[]> exact{new char[size]};
  for (std::size_t i = 0; i < size; ++i) exact[i] = static_cast<char>(data[i]);
  try {
    read(pgoutput::parse({exact.get(), size}));
  } catch (const annals::Error& error) {
    if (error.kind() != annals::ErrorKind::corrupt) std::abort();
  }
  return 0;
}
