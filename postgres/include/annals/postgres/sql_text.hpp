#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace annals::postgres {

struct MessageLog;

/// Fills the {name} places of an embedded SQL text. Only for what cannot be a parameter and was validated before:
/// the schema (a plain identifier) and constants computed by Annals. Asserts that no place stays open.
[[nodiscard]] std::string render(std::string_view sql,
                                 std::initializer_list<std::pair<std::string_view, std::string_view>> values);

/// The commonest case: the schema only. Validates it.
[[nodiscard]] std::string render(std::string_view sql, std::string_view schema);

/// A statement on a log, whose table is its owner's matter: fills {schema}, {relation} and {id}.
[[nodiscard]] std::string render(std::string_view sql, const MessageLog& log);

}  // namespace annals::postgres
