#pragma once
#include <string>
#include <string_view>

#include "annals/core/metadata.hpp"

namespace annals::json {

/// Header that lists, as a JSON array, the names of the headers whose values are JSON text and not plain strings.
inline constexpr std::string_view json_headers_name = "annals-json";

/// Reads the `metadata` object of an import. The first correlation_id, causation_id, traceparent and tracestate fill the
/// fields of that name; everything else becomes a header, in order. Throws Malformed or Error{invalid}.
[[nodiscard]] Metadata read_metadata(std::string_view json_object);

/// The reverse: an object with exactly the values that were read; empty text when there is nothing to say.
[[nodiscard]] std::string write_metadata(const Metadata& metadata);

}  // namespace annals::json
