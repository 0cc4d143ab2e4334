#include "cli/transfer/chunk_writer.hpp"

#include <utility>

namespace annals::cli {

void ChunkWriter::start(Chunk chunk) {
  chunk_ = std::move(chunk);
  running_ = std::async(std::launch::async, [this] { return importer_.add(chunk_.events); });
}

void ChunkWriter::settle() {
  if (!running_.valid()) return;
  const auto report = running_.get();
  total_.imported += report.imported;
  total_.already_present += report.already_present;
  total_.streams_created += report.streams_created;
  last_line_ = chunk_.lines.back();
  chunk_events_ = importer_.chunk_events();
}

}  // namespace annals::cli
