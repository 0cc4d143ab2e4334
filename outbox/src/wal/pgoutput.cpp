#include "wal/pgoutput.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"

namespace annals::outbox::pgoutput {
namespace {

/// Every read says first whether the bytes are there, and no count makes more room than there are bytes for.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : all_(bytes), rest_(bytes) {}

  [[noreturn]] void fail(std::string_view why) const {
    throw Error{ErrorKind::corrupt,
                fmt::format("a message of pgoutput of type {} and {} bytes {}, at byte {}",
                            all_.empty() ? 0 : static_cast<int>(static_cast<unsigned char>(all_.front())), all_.size(),
                            why, all_.size() - rest_.size()),
                {.hint = "is the server one of PostgreSQL 13 to 18? `annals doctor` shows its version"}};
  }

  std::string_view take(std::size_t size) {
    if (rest_.size() < size) fail("is cut short");
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class Int>
  Int integer() {
    std::make_unsigned_t<Int> value = 0;
    for (const char c : take(sizeof(Int))) {
      value = static_cast<std::make_unsigned_t<Int>>(static_cast<std::uint64_t>(value) << 8U |
                                                     static_cast<unsigned char>(c));
    }
    return static_cast<Int>(value);
  }
  Lsn lsn() { return {integer<std::uint64_t>()}; }
  char byte() { return take(1).front(); }
  std::string_view text() {
    const auto end = rest_.find('\0');
    if (end == std::string_view::npos) fail("has a text without end");
    const auto value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return value;
  }
  std::string_view sized() {
    const auto size = integer<std::int32_t>();
    if (size < 0) fail("has a negative length");
    return take(static_cast<std::size_t>(size));
  }
  /// Of things of which each takes at least `least` bytes.
  std::size_t count(std::int64_t number, std::size_t least) {
    if (number < 0 || static_cast<std::uint64_t>(number) > rest_.size() / least) fail("counts more than it holds");
    return static_cast<std::size_t>(number);
  }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
  void finish() const {
    if (!rest_.empty()) fail("is longer than it says");
  }

 private:
  std::string_view all_;
  std::string_view rest_;
};

Value take_value(Reader& in) {
  const char kind = in.byte();
  if (kind == 'n') return {.kind = Value::Kind::null};
  if (kind == 'u') return {.kind = Value::Kind::unchanged};
  if (kind != 't' && kind != 'b') in.fail("has a value of a kind that there is not");
  const auto* begin = in.rest().data();
  const auto bytes = in.sized();
  return {.kind = kind == 't' ? Value::Kind::text : Value::Kind::binary,
          .bytes = bytes,
          .field = {begin, sizeof(std::int32_t) + bytes.size()}};
}

Tuple take_tuple(Reader& in) {
  const auto size = in.count(in.integer<std::int16_t>(), 1);
  const auto before = in.rest();
  for (std::size_t i = 0; i < size; ++i) (void)take_value(in);
  return {before.substr(0, before.size() - in.rest().size()), size};
}

void expect(Reader& in, char mark) {
  if (in.byte() != mark) in.fail("has a row that is not marked as one");
}

Begin parse_begin(Reader& in) {
  Begin out;
  out.commit = in.lsn();
  out.time = in.integer<std::int64_t>();
  out.xid = in.integer<std::uint32_t>();
  return out;
}

Commit parse_commit(Reader& in) {
  Commit out;
  (void)in.byte();  // flags: none is defined
  out.commit = in.lsn();
  out.end = in.lsn();
  out.time = in.integer<std::int64_t>();
  if (out.end <= out.commit) in.fail("ends before its commit");
  return out;
}

Origin parse_origin(Reader& in) {
  Origin out;
  out.commit = in.lsn();
  out.name = in.text();
  return out;
}

Column take_column(Reader& in) {
  Column out;
  out.key = (static_cast<unsigned char>(in.byte()) & 1U) != 0;
  out.name = in.text();
  out.type = in.integer<std::uint32_t>();
  out.modifier = in.integer<std::int32_t>();
  return out;
}

Relation parse_relation(Reader& in) {
  constexpr std::size_t column_least = 1 + 1 + 4 + 4;
  Relation out;
  out.id = in.integer<std::uint32_t>();
  out.schema = in.text();
  out.name = in.text();
  out.replica_identity = in.byte();
  out.columns.resize(in.count(in.integer<std::int16_t>(), column_least));
  for (auto& column : out.columns) column = take_column(in);
  return out;
}

Type parse_type(Reader& in) {
  Type out;
  out.id = in.integer<std::uint32_t>();
  out.schema = in.text();
  out.name = in.text();
  return out;
}

Insert parse_insert(Reader& in) {
  Insert out;
  out.relation = in.integer<std::uint32_t>();
  expect(in, 'N');
  out.row = take_tuple(in);
  return out;
}

Update parse_update(Reader& in) {
  Update out;
  out.relation = in.integer<std::uint32_t>();
  char mark = in.byte();
  if (mark == 'K' || mark == 'O') {
    (mark == 'K' ? out.key : out.old) = take_tuple(in);
    mark = in.byte();
  }
  if (mark != 'N') in.fail("has a row that is not marked as one");
  out.row = take_tuple(in);
  return out;
}

Delete parse_delete(Reader& in) {
  Delete out;
  out.relation = in.integer<std::uint32_t>();
  const char mark = in.byte();
  if (mark != 'K' && mark != 'O') in.fail("has a row that is not marked as one");
  (mark == 'K' ? out.key : out.old) = take_tuple(in);
  return out;
}

Truncate parse_truncate(Reader& in) {
  Truncate out;
  const auto number = in.integer<std::int32_t>();
  out.options = static_cast<std::uint8_t>(in.byte());
  out.relations.resize(in.count(number, sizeof(std::uint32_t)));
  for (auto& relation : out.relations) relation = in.integer<std::uint32_t>();
  return out;
}

Message parse_message(Reader& in) {
  Message out;
  out.transactional = (static_cast<unsigned char>(in.byte()) & 1U) != 0;
  out.lsn = in.lsn();
  out.prefix = in.text();
  out.content = in.sized();
  return out;
}

Change parse_typed(Reader& in) {
  switch (in.byte()) {
    case 'B': return parse_begin(in);
    case 'C': return parse_commit(in);
    case 'O': return parse_origin(in);
    case 'R': return parse_relation(in);
    case 'Y': return parse_type(in);
    case 'I': return parse_insert(in);
    case 'U': return parse_update(in);
    case 'D': return parse_delete(in);
    case 'T': return parse_truncate(in);
    case 'M': return parse_message(in);
    default: in.fail("is of a type that protocol version 1 has not");
  }
}

}  // namespace

Value Tuple::take_value(std::string_view& rest) {
  Reader in{rest};
  auto value = pgoutput::take_value(in);
  rest = in.rest();
  return value;
}

Change parse(std::string_view bytes) {
  Reader in{bytes};
  auto change = parse_typed(in);
  in.finish();
  return change;
}

}  // namespace annals::outbox::pgoutput
