#pragma once
#include "annals/projections/projection.hpp"

namespace fines {

/// The projection that keeps the table `fines` equal to the history of all streams fine-*.
[[nodiscard]] annals::projections::Projection fines_projection();

}  // namespace fines
