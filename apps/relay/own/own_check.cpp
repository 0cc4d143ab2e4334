#include "relay/own/own_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_relay_own_sql.hpp"

namespace annals::relayd {

using postgres::Params;

namespace {

/// As own_facts.sql has them.
struct Facts {
  bool ordinary = false;
  bool childless = false;
  bool permanent = false;
  std::string type;
  bool not_null = false;
  bool always = false;
  bool by_default = false;
  std::string sequence;
  bool cache_of_one = false;
  bool counts_by_one = false;
  bool indexed = false;
  bool may_use_schema = false;
  bool may_select = false;
  bool rows_are_filtered = false;
  bool rings = false;
  bool keeps = false;
  bool keeper_may_read = false;
  std::string role;
  std::string owner;
  std::int64_t deleted = 0;
};

std::optional<Facts> read_facts(postgres::Connection& connection, const std::string& schema, const OwnOutbox& own) {
  const auto dot = own.table.find('.');
  const auto row = connection.query(
      std::string{relay_own::sql::own_facts},
      Params{}.text(own.table.substr(0, dot)).text(own.table.substr(dot + 1)).text(own.position).text(schema));
  if (row.empty()) return std::nullopt;
  int column = 0;
  const auto flag = [&] { return row.boolean(0, column++); };
  const auto text = [&] { return row.text(0, column++); };
  // In the order of initialisation, which is that of the columns.
  return Facts{.ordinary = flag(),
               .childless = flag(),
               .permanent = flag(),
               .type = text(),
               .not_null = flag(),
               .always = flag(),
               .by_default = flag(),
               .sequence = text(),
               .cache_of_one = flag(),
               .counts_by_one = flag(),
               .indexed = flag(),
               .may_use_schema = flag(),
               .may_select = flag(),
               .rows_are_filtered = flag(),
               .rings = flag(),
               .keeps = flag(),
               .keeper_may_read = flag(),
               .role = text(),
               .owner = text(),
               .deleted = row.bigint(0, column)};
}

class Check {
 public:
  Check(postgres::Connection& connection, const std::string& schema, const OwnOutbox& own)
      : connection_(connection), schema_(schema), own_(own), table_(relation_of(own)) {}

  std::vector<OwnLack> run() {
    const auto facts = read_facts(connection_, schema_, own_);
    if (!facts) {
      add({"table", fmt::format("there is no table {}", own_.table), "",
           "own_outbox.table is schema.table, as the catalog has it"});
      return std::move(lacks_);
    }
    table(*facts);
    privileges(*facts);
    position(*facts);
    if (facts->may_use_schema && facts->may_select) expressions(*facts);
    wake_up(*facts);
    deletion(*facts);
    return std::move(lacks_);
  }

 private:
  void add(OwnLack lack) { lacks_.push_back(std::move(lack)); }

  std::string render(std::string_view sql, const std::string& disown = {}) const {
    const auto dot = own_.table.find('.');
    const auto schema = quote_sql_identifier(own_.table.substr(0, dot));
    const auto name = own_.table.substr(dot + 1);
    auto text = postgres::render(
        sql, {{"table_text", quote_sql(table_)},
              {"position_text", quote_sql(own_.position)},
              {"table", table_},
              {"position", quote_sql_identifier(own_.position)},
              {"disown", disown},
              {"bell_function", schema + "." + quote_sql_identifier("annals_bell_" + name)},
              {"keep_function", schema + "." + quote_sql_identifier("annals_keep_" + name)},
              {"bell", quote_sql(postgres::bell_name(table_))},
              {"channel", quote_sql(postgres::bell_channel(table_))},
              {"schema", schema_},
              {"name", quote_sql(own_.table)},
              {"hint", quote_sql(fmt::format(
                           "delete WHERE {} < (SELECT min(position) FROM {}.relay_checkpoints WHERE log = {})",
                           quote_sql_identifier(own_.position), schema_, quote_sql(own_.table)))}});
    text.erase(text.find_last_not_of('\n') + 1);
    return text;
  }

  void table(const Facts& facts) {
    if (!facts.ordinary || !facts.childless) {
      add({"table",
           fmt::format("{} is no ordinary table, or has partitions or children: a lock on it would say nothing of who "
                       "inserts past it",
                       own_.table),
           "", "map an ordinary table"});
    }
    if (!facts.permanent) {
      add({"table", fmt::format("{} is unlogged or temporary: a crash empties it", own_.table),
           fmt::format("ALTER TABLE {} SET LOGGED", table_)});
    }
  }

  void privileges(const Facts& facts) {
    const auto role = quote_sql_identifier(facts.role);
    const auto schema = quote_sql_identifier(own_.table.substr(0, own_.table.find('.')));
    if (!facts.may_use_schema) {
      add({"privileges", fmt::format("role {} may not use schema {}", facts.role, schema),
           fmt::format("GRANT USAGE ON SCHEMA {} TO {}", schema, role)});
    }
    if (!facts.may_select) {
      add({"privileges", fmt::format("role {} may not read {}", facts.role, own_.table),
           fmt::format("GRANT SELECT ON {} TO {}", table_, role)});
    }
    if (facts.rows_are_filtered) {
      add({"privileges",
           fmt::format("row security hides rows of {} from role {}, which would never be published; a superuser can "
                       "let the role see all",
                       own_.table, facts.role),
           fmt::format("ALTER ROLE {} BYPASSRLS", role)});
    }
  }

  void position(const Facts& facts) {
    namespace sql = relay_own::sql;
    if (facts.type.empty()) {
      return add({"position",
                  fmt::format("{} has no column {}: messages have no order that a reader could keep to. The statement "
                              "writes the table "
                              "anew, and keeps everybody out meanwhile",
                              own_.table, own_.position),
                  render(sql::own_add_position)});
    }
    if (facts.type != "bigint" && facts.type != "integer" && facts.type != "smallint") {
      return add({"position", fmt::format("{}.{} is of type {}, not bigint", own_.table, own_.position, facts.type), "",
                  "name a column that the table counts up itself, or one that is to be made: own_outbox.position"});
    }
    if (facts.type != "bigint") {
      add({"position",
           fmt::format("{}.{} is of type {}, not bigint. The statement writes the table anew", own_.table,
                       own_.position, facts.type),
           render(sql::own_widen_position)});
    }
    if (!facts.always || !facts.not_null) return not_always(facts);
    if (!facts.cache_of_one || !facts.counts_by_one) {
      add({"position",
           fmt::format("the sequence of {}.{} hands numbers out in advance, or does not count 1, 2, 3: a row would be "
                       "written below what is "
                       "published already, and be lost",
                       own_.table, own_.position),
           render(sql::own_sequence)});
    }
    if (!facts.indexed) {
      add({.about = "index",
           .detail = fmt::format("no unique index on {}({}) alone: each look for new messages reads the whole table",
                                 own_.table, own_.position),
           .sql = render(sql::own_index),
           .blocks = false});
    }
  }

  void not_always(const Facts& facts) {
    namespace sql = relay_own::sql;
    const auto disown =
        facts.sequence.empty() ? std::string{} : fmt::format("ALTER SEQUENCE {} OWNED BY NONE;\n", facts.sequence);
    add({"position",
         fmt::format(
             "{}.{} is not GENERATED ALWAYS AS IDENTITY: a program could draw a number, and write its row when higher "
             "ones are "
             "published, and it would be lost. Where the service gives the numbers itself, name another column, "
             "which is made: own_outbox.position",
             own_.table, own_.position),
         facts.by_default ? render(sql::own_always) : render(sql::own_make_identity, disown)});
  }

  std::string expression_sql(std::string_view sql, const std::string& expression) const {
    return postgres::render(sql, {{"expression", expression}, {"table", table_}});
  }

  void expressions(const Facts& facts) {
    for (const auto& [name, member] : own_expressions) {
      const auto& expression = own_.*member;
      if (!expression.empty()) this->expression(facts, name, expression);
    }
  }

  void expression(const Facts& facts, std::string_view name, const std::string& text) {
    const auto what = fmt::format("own_outbox.{} of {} ({})", name, own_.table, printable(text));
    std::string type;
    bool same = true;
    try {
      type = connection_.query(expression_sql(relay_own::sql::own_type, text)).text(0, 0);
      if (name == "id") same = connection_.query(expression_sql(relay_own::sql::own_same, text)).boolean(0, 0);
    } catch (const Error& error) {
      if (error.sqlstate().empty() || error.retryable()) throw;
      const bool denied = error.sqlstate() == "42501";
      return add({denied ? "privileges" : "expression", fmt::format("{}: {}", what, error.message()),
                  denied ? fmt::format("GRANT SELECT ON {} TO {}", table_, quote_sql_identifier(facts.role)) : "",
                  denied ? "" : "name columns of the table, functions outside of pg_catalog with their schema"});
    }
    if (!same) {
      add({"expression", fmt::format("{} is another each time it is asked of a row", what), "",
           "name a column; left out, it is made of the position"});
    }
    const auto one_of = [&](std::initializer_list<std::string_view> types) {
      return std::ranges::find(types, type) != types.end();
    };
    if (name == "time" && !one_of({"timestamp with time zone", "timestamp without time zone", "bigint", "integer"})) {
      add({"expression", fmt::format("{} is of type {}", what, type), "",
           "give a timestamp, or milliseconds since 1970 as bigint"});
    }
    if (name == "headers" && !one_of({"json", "jsonb", "text[]", "character varying[]"})) {
      add({"expression", fmt::format("{} is of type {}", what, type), "",
           "give an object in json or jsonb, such as jsonb_build_object('tenant', tenant), or text[] of name, value, "
           "name, value"});
    }
  }

  void wake_up(const Facts& facts) {
    if (facts.rings) return;
    add({.about = "wake-up",
         .detail = fmt::format("nothing wakes the relay when a row is written to {}: it looks four times a second",
                               own_.table),
         .sql = render(relay_own::sql::own_bell),
         .blocks = false});
  }

  void deletion(const Facts& facts) {
    if (!facts.keeps) {
      return add(
          {.about = "deletion",
           .detail = fmt::format(
               "nothing keeps a row of {} from being deleted before it is published, which loses it ({} rows were "
               "deleted so far). For a role that may read {}.relay_checkpoints, too; a service that deletes "
               "rows when it writes them has to stop that first",
               own_.table, facts.deleted, schema_),
           .sql = render(relay_own::sql::own_keep),
           .blocks = false});
    }
    if (facts.keeper_may_read) return;
    add({.about = "deletion",
         .detail =
             fmt::format("the trigger annals_keep on {} works with rights that do not let it read {}.relay_checkpoints",
                         own_.table, schema_),
         .sql = fmt::format("GRANT USAGE ON SCHEMA {0} TO {1}; GRANT SELECT ON {0}.relay_checkpoints TO {1}", schema_,
                            quote_sql_identifier(facts.owner)),
         .blocks = false});
  }

  postgres::Connection& connection_;
  const std::string& schema_;
  const OwnOutbox& own_;
  std::string table_;
  std::vector<OwnLack> lacks_;
};

}  // namespace

std::vector<OwnLack> find_lacks(postgres::Connection& connection, const std::string& schema, const OwnOutbox& own) {
  require_identifier("schema", schema);
  require_valid(own);
  return Check{connection, schema, own}.run();
}

void require_readable(postgres::Connection& connection, const std::string& schema, const OwnOutbox& own) {
  const auto lacks = find_lacks(connection, schema, own);
  const auto worst = std::ranges::find_if(lacks, &OwnLack::blocks);
  if (worst == lacks.end()) return;
  throw Error{ErrorKind::not_ready,
              worst->detail,
              {.hint = fmt::format("{} (`annals relay check` shows all that {} lacks)",
                                   worst->sql.empty() ? worst->remedy : worst->sql, own.table)}};
}

}  // namespace annals::relayd
