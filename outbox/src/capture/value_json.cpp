#include "capture/value_json.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "annals/json/base64.hpp"
#include "annals/json/scanner.hpp"
#include "annals/json/string.hpp"

namespace annals::outbox {
namespace {

using Kind = ValueForm::Kind;

struct KnownType {
  std::uint32_t type;
  std::uint32_t array;
  std::string_view name;
  Kind kind;
};
/// pg_type.dat: the numbers and names of built-in types are the same in all versions. Those of kind text are here for their arrays.
constexpr std::array known_types{
    KnownType{16, 1000, "bool", Kind::boolean},
    KnownType{17, 1001, "bytea", Kind::bytes},
    KnownType{18, 1002, "char", Kind::text},
    KnownType{19, 1003, "name", Kind::text},
    KnownType{20, 1016, "int8", Kind::integer},
    KnownType{21, 1005, "int2", Kind::integer},
    KnownType{23, 1007, "int4", Kind::integer},
    KnownType{25, 1009, "text", Kind::text},
    KnownType{26, 1028, "oid", Kind::integer},
    KnownType{114, 199, "json", Kind::json},
    KnownType{142, 143, "xml", Kind::text},
    KnownType{650, 651, "cidr", Kind::text},
    KnownType{700, 1021, "float4", Kind::real},
    KnownType{701, 1022, "float8", Kind::real},
    KnownType{790, 791, "money", Kind::text},
    KnownType{829, 1040, "macaddr", Kind::text},
    KnownType{869, 1041, "inet", Kind::text},
    KnownType{1042, 1014, "bpchar", Kind::text},
    KnownType{1043, 1015, "varchar", Kind::text},
    KnownType{1082, 1182, "date", Kind::text},
    KnownType{1083, 1183, "time", Kind::text},
    KnownType{1114, 1115, "timestamp", Kind::timestamp},
    KnownType{1184, 1185, "timestamptz", Kind::instant},
    KnownType{1186, 1187, "interval", Kind::text},
    KnownType{1266, 1270, "timetz", Kind::text},
    KnownType{1560, 1561, "bit", Kind::text},
    KnownType{1562, 1563, "varbit", Kind::text},
    KnownType{1700, 1231, "numeric", Kind::text},
    KnownType{2950, 2951, "uuid", Kind::text},
    KnownType{3802, 3807, "jsonb", Kind::json},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

bool is_json(std::string_view text) {
  try {
    json::Scanner scanner{text};
    scanner.skip_space();
    (void)scanner.value();
    scanner.skip_space();
    return scanner.at_end();
  } catch (const json::Malformed&) {
    return false;
  }
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> bytes_of(std::string_view text) {
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2 - 1);
  for (std::size_t i = 2; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

/// "2026-11-28 11:13:19.5" and "…+00" with the T, and the Z, of RFC 3339; another year than one of four digits, and infinity, as they are.
std::string time_of(std::string_view text, bool is_instant) {
  constexpr std::string_view form = "dddd-dd-dd dd:dd:dd";
  std::string out{text};
  const bool fits =
      text.size() >= form.size() && std::ranges::equal(form, text.substr(0, form.size()),
                                                       [](char f, char c) { return f == 'd' ? is_digit(c) : f == c; });
  if (!fits || text.ends_with("BC")) return out;
  if (is_instant && !text.ends_with("+00")) return out;
  out[form.find(' ')] = 'T';
  if (is_instant) out.replace(out.size() - 3, 3, "Z");
  return out;
}

void append_scalar(std::string& out, Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::boolean:
      if (text == "t" || text == "f") {
        out += text == "t" ? "true" : "false";
        return;
      }
      break;
    case Kind::integer:
      if (is_integer(text)) {
        out += text;
        return;
      }
      break;
    case Kind::real:
    case Kind::json:
      if (is_json(text)) {
        out += text;
        return;
      }
      break;
    case Kind::bytes:
      if (const auto bytes = bytes_of(text)) return json::append_string(out, json::encode_base64(*bytes));
      break;
    case Kind::timestamp:
    case Kind::instant: return json::append_string(out, time_of(text, kind == Kind::instant));
    case Kind::text: break;
  }
  json::append_string(out, text);
}

/// An array as array_out() writes it: {1,NULL,"a \"b\""}, {{1,2},{3,4}}, and with bounds that do not begin at 1 [0:1]={1,2}.
class ArrayText {
 public:
  ArrayText(std::string_view text, Kind kind) : rest_(text), kind_(kind) {
    if (!rest_.starts_with('[')) return;
    const auto begin = rest_.find('=');
    rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin + 1);
  }
  /// False: it is none; then `out` has a part of it.
  [[nodiscard]] bool append_to(std::string& out) { return array(out, 1) && rest_.empty(); }

 private:
  static constexpr int dimensions_max = 6;  // PostgreSQL's MAXDIM

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool array(std::string& out, int depth) {
    if (depth > dimensions_max || !take('{')) return false;
    out += '[';
    if (take('}')) return close(out);
    while (rest_.starts_with('{') ? array(out, depth + 1) : element(out)) {
      if (take('}')) return close(out);
      if (!take(',')) return false;
      out += ',';
    }
    return false;
  }
  static bool close(std::string& out) {
    out += ']';
    return true;
  }

  bool element(std::string& out) {
    if (take('"')) return quoted(out);
    const auto end = rest_.find_first_of(",{}\"\\");
    if (end == std::string_view::npos || end == 0) return false;
    const auto text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    text == "NULL" ? static_cast<void>(out += "null") : append_scalar(out, kind_, text);
    return true;
  }

  bool quoted(std::string& out) {
    std::string text;
    while (!rest_.empty() && !rest_.starts_with('"')) {
      if (take('\\') && rest_.empty()) return false;
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!take('"')) return false;
    append_scalar(out, kind_, text);
    return true;
  }

  std::string_view rest_;
  Kind kind_;
};

}  // namespace

ValueForm value_form(std::uint32_t type) noexcept {
  for (const auto& known : known_types) {
    if (known.type == type || known.array == type) return {.kind = known.kind, .is_array = known.array == type};
  }
  return {};
}

ValueForm value_form(std::string_view type_name) noexcept {
  const bool is_array = type_name.starts_with('_');
  if (is_array) type_name.remove_prefix(1);
  for (const auto& known : known_types) {
    if (known.name == type_name) return {.kind = known.kind, .is_array = is_array};
  }
  return {};
}

void append_value(std::string& out, ValueForm form, std::string_view text) {
  if (!form.is_array) return append_scalar(out, form.kind, text);
  const auto begin = out.size();
  if (ArrayText{text, form.kind}.append_to(out)) return;
  out.resize(begin);
  json::append_string(out, text);
}

}  // namespace annals::outbox
