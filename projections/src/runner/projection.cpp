#include "annals/projections/projection.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::projections {

Projection::Projection(std::string name, int version) : name_(std::move(name)), version_(version) {
  require_identifier("projection name", name_);
  if (version < 1) throw invalid(fmt::format("projection \"{}\" has version {}", name_, version), "count from 1");
}

Projection& Projection::setup(Hook hook) {
  hooks_.setup = std::move(hook);
  return *this;
}

Projection& Projection::reset(Hook hook) {
  hooks_.reset = std::move(hook);
  return *this;
}

Projection& Projection::begin(std::function<void()> hook) {
  hooks_.begin = std::move(hook);
  return *this;
}

Projection& Projection::flush(Hook hook) {
  hooks_.flush = std::move(hook);
  return *this;
}

}  // namespace annals::projections
