#include "fines/table.hpp"

#include <algorithm>

#include "annals/postgres/array_literal.hpp"

namespace fines {
namespace {

using annals::postgres::ArrayLiteral;
using annals::postgres::exec_params;
using annals::postgres::PqxxParams;

constexpr auto create_table = R"(
CREATE TABLE public.fines (
  stream        text COLLATE "C" PRIMARY KEY,
  events        bigint NOT NULL,
  amount_cents  bigint NOT NULL,
  expense_cents bigint NOT NULL,
  paid_cents    bigint NOT NULL,
  last_type     text NOT NULL
);
)";

constexpr auto select_some =
    "SELECT stream, events, amount_cents, expense_cents, paid_cents, last_type FROM fines WHERE stream = ANY "
    "($1::text[])";
constexpr auto select_all =
    "SELECT stream, events, amount_cents, expense_cents, paid_cents, last_type FROM fines ORDER BY stream";
constexpr auto upsert = R"(
INSERT INTO fines (stream, events, amount_cents, expense_cents, paid_cents, last_type)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
ON CONFLICT (stream) DO UPDATE
   SET (events, amount_cents, expense_cents, paid_cents, last_type) =
       (EXCLUDED.events, EXCLUDED.amount_cents, EXCLUDED.expense_cents, EXCLUDED.paid_cents, EXCLUDED.last_type)
)";

Fine fine_of(const pqxx::row& row) {
  return {.events = row[1].as<std::int64_t>(),
          .amount = row[2].as<Cents>(),
          .expense = row[3].as<Cents>(),
          .paid = row[4].as<Cents>(),
          .last_type = row[5].as<std::string>()};
}

/// One column of all fines as an array.
template <class Value>
std::string column(const Fines& fines, Value value) {
  ArrayLiteral array;
  for (const auto& fine : fines) array.add(value(fine));
  return std::move(array).finish();
}

/// Names come from events, and spreadsheets take a field that begins like this for a formula and run it: an apostrophe
/// says that it is text.
std::string csv(std::string field) {
  if (field.find_first_of("=+-@\t\r") == 0) field.insert(0, 1, '\'');
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  for (auto quote = field.find('"'); quote != std::string::npos; quote = field.find('"', quote + 2)) {
    field.insert(quote, 1, '"');
  }
  return '"' + field + '"';
}

}  // namespace

annals::postgres::MigrationSet table_schema() { return {"fines", {{1, "fines", create_table}}}; }

void load(pqxx::transaction_base& tx, Fines& fines) {
  const auto streams = column(fines, [](const auto& fine) { return fine.first; });
  for (const auto& row : exec_params(tx, select_some, PqxxParams{}.text(streams))) {
    fines[row[0].as<std::string>()] = fine_of(row);
  }
}

void save(pqxx::transaction_base& tx, const Fines& fines) {
  const auto params = PqxxParams{}
                          .text(column(fines, [](const auto& fine) { return fine.first; }))
                          .text(column(fines, [](const auto& fine) { return std::to_string(fine.second.events); }))
                          .text(column(fines, [](const auto& fine) { return std::to_string(fine.second.amount); }))
                          .text(column(fines, [](const auto& fine) { return std::to_string(fine.second.expense); }))
                          .text(column(fines, [](const auto& fine) { return std::to_string(fine.second.paid); }))
                          .text(column(fines, [](const auto& fine) { return fine.second.last_type; }));
  exec_params(tx, upsert, params);
}

void report(pqxx::transaction_base& tx, std::ostream& out) {
  const auto rows = exec_params(tx, select_all, {});
  out << "stream,events,amount,expense,paid,outstanding,last_type\n";
  for (const auto& row : rows) {
    const auto fine = fine_of(row);
    out << csv(row[0].as<std::string>()) << ',' << fine.events << ',' << format_cents(fine.amount) << ','
        << format_cents(fine.expense) << ',' << format_cents(fine.paid) << ',' << format_cents(fine.outstanding())
        << ',' << csv(fine.last_type) << '\n';
  }
}

}  // namespace fines
