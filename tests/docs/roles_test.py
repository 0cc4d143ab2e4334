#!/usr/bin/env python3
"""The matrix of docs/security.md, cell by cell, against a database on which `annals schema roles apply` has run.

For every role, table and column PostgreSQL is asked what the role may do, and then the role tries it. What is expected
is read from the document alone.

usage: roles_test.py ROOT ANNALS
"""
import os
import pathlib
import re
import subprocess
import sys
import unittest

ANNALS, ROOT = sys.argv.pop(), pathlib.Path(sys.argv.pop())
SERVER = os.environ["ANNALS_DATABASE"]
NAME = f"roles_{os.getpid()}"
OWNER = f"{NAME}_owner"
LETTERS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}
# Reached through the table that they are of, by nobody themselves.
PARTITION = re.compile(r"(outbox|claims)_p\d+")
BY_COLUMN = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
BY_TABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def uri(role=None):
    with_database = re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{NAME}", SERVER)
    return re.sub(r"user=\w+", f"user={role}", with_database) if role else with_database


def run(*command, text=""):
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=text, timeout=60)
    return done.returncode, done.stdout


def psql(where, *statements, text=""):
    status, said = run("psql", "-XqAtF", "\t", "-v", "ON_ERROR_STOP=1", where, *(p for s in statements for p in ("-c", s)),
                       *(["-f", "-"] if text else []), text=text)
    if status:
        raise AssertionError(f"{statements or text}: {said}")
    return [line.split("\t") for line in said.splitlines()]


def document():
    """{role: {row of the table: cell}}"""
    lines = (ROOT / "docs/security.md").read_text().split("## What each role may do")[1].split("\n## ")[0].splitlines()
    cells = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    head, rows = cells[0], cells[2:]
    return {role: {row[0]: row[at] for row in rows} for at, role in enumerate(head) if role}


def rights_of(cell, columns):
    """What a cell says: the rights on the table as a whole, and those on some of its columns."""
    whole, some = set(), set()
    for word in filter(None, (part.strip() for part in cell.split(","))):
        letter, how, *names = word.split()[0], *(word.split()[1:] or [""])
        assert letter in LETTERS and how in ("", "of", "but") and set(names) <= set(columns), word
        if not how:
            whole.add(LETTERS[letter])
        chosen = columns if not how else names if how == "of" else [c for c in columns if c not in names]
        if LETTERS[letter] in BY_COLUMN:
            some |= {(LETTERS[letter], column) for column in chosen}
    return whole, some


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.matrix = document()
        cls.roles = {kind: f"{NAME}_{kind.replace('-', '_')}" for kind in cls.matrix}
        everybody = [OWNER, *cls.roles.values()]
        cls.addClassCleanup(psql, SERVER, f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)", f"DROP ROLE {', '.join(everybody)}")
        psql(SERVER, *(f"CREATE ROLE {role} LOGIN" for role in everybody), f"CREATE DATABASE {NAME} OWNER {OWNER}")
        cls.annals("schema", "apply")
        cls.apply()
        cls.columns = {}
        for table, column in psql(uri(), """SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.relnamespace = 'annals'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0
                  AND NOT a.attisdropped ORDER BY a.attnum"""):
            cls.columns.setdefault(table, []).append(column)

    @staticmethod
    def annals(*command):
        status, said = run(ANNALS, "--database", uri(OWNER), *command)
        assert status == 0, said

    @classmethod
    def apply(cls):
        cls.annals("schema", "roles", "apply", *(part for kind, role in cls.roles.items() for part in (f"--{kind}", role)))

    def expected(self, role, table):
        cell = "" if PARTITION.fullmatch(table) else self.matrix[role][table]
        return rights_of(cell, self.columns[table])

    def differences(self):
        """Where the database says otherwise than the document."""
        names = ", ".join(f"('{kind}', '{role}')" for kind, role in self.roles.items())
        whole = psql(uri(), f"""SELECT r.kind, c.relname, p.name FROM (VALUES {names}) r (kind, role), pg_class c,
                unnest('{{{','.join(BY_TABLE)}}}'::text[]) p (name)
            WHERE c.relnamespace = 'annals'::regnamespace AND c.relkind IN ('r', 'p', 'v')
              AND has_table_privilege(r.role, c.oid, p.name)""")
        some = psql(uri(), f"""SELECT r.kind, c.relname, p.name, a.attname FROM (VALUES {names}) r (kind, role), pg_class c,
                pg_attribute a, unnest('{{{','.join(BY_COLUMN)}}}'::text[]) p (name)
            WHERE c.relnamespace = 'annals'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.attrelid = c.oid
              AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(r.role, c.oid, a.attnum, p.name)""")
        for role in self.roles:
            for table in self.columns:
                table_wide, by_column = self.expected(role, table)
                has_whole = {name for kind, relation, name in whole if (kind, relation) == (role, table)}
                has_some = {(name, column) for kind, relation, name, column in some if (kind, relation) == (role, table)}
                if has_whole != table_wide or has_some != by_column:
                    yield f"{role} on {table}: {sorted(has_whole ^ table_wide)} {sorted(has_some ^ by_column)}"

    def test_document_names_every_table(self):
        tables = {table for table in self.columns if not PARTITION.fullmatch(table)}
        self.assertEqual(len(self.columns) - len(tables), 6)
        for role, cells in self.matrix.items():
            self.assertEqual({row for row in cells if " " not in row}, tables, role)

    def test_every_cell_is_what_the_database_says(self):
        self.assertEqual(list(self.differences()), [])

    def test_one_more_grant_is_noticed(self):
        for more in ("UPDATE (data) ON annals.events TO {writer}", "TRUNCATE ON annals.outbox TO {doctor}",
                     "SELECT ON annals.streams TO PUBLIC", "INSERT ON annals.events TO {writer}",
                     "DELETE ON annals.projections TO {projector}"):
            statement = more.format(**{kind.replace("-", "_"): role for kind, role in self.roles.items()})
            psql(uri(), f"GRANT {statement}")
            self.assertNotEqual(list(self.differences()), [], statement)
            self.apply()
            self.assertEqual(list(self.differences()), [], statement)

    def test_schemas_and_sequences(self):
        for kind, role in self.roles.items():
            for schema in ("annals", "annals_read"):
                said = psql(uri(), f"SELECT has_schema_privilege('{role}', '{schema}', 'USAGE'), "
                                   f"has_schema_privilege('{role}', '{schema}', 'CREATE')")
                self.assertEqual(said, [["t" if self.matrix[kind][f"schema {schema}"] == "USAGE" else "f", "f"]], (kind, schema))
            held = psql(uri(), f"""SELECT c.relname, p.name FROM pg_class c, unnest('{{SELECT,USAGE,UPDATE}}'::text[]) p (name)
                WHERE c.relnamespace = 'annals'::regnamespace
                  AND CASE relkind WHEN 'S' THEN has_sequence_privilege('{role}', c.oid, p.name) END""")
            cells = {row.split()[1]: cell for row, cell in self.matrix[kind].items() if row.startswith("sequence ")}
            said = {(name, right) for name, cell in cells.items() for right in rights_of(cell, [])[0]}
            self.assertEqual({tuple(row) for row in held}, said, kind)

    def test_functions_that_run_as_the_owner(self):
        definer = psql(uri(), "SELECT proname FROM pg_proc WHERE pronamespace = 'annals'::regnamespace AND prosecdef")
        for kind, role in self.roles.items():
            cells = {row.split()[1]: cell for row, cell in self.matrix[kind].items() if row.startswith("function ")}
            self.assertEqual({name for name, in definer}, set(cells))
            for name, cell in cells.items():
                held = psql(uri(), f"""SELECT bool_and(has_function_privilege('{role}', oid, 'EXECUTE')) FROM pg_proc
                    WHERE pronamespace = 'annals'::regnamespace AND proname = '{name}'""")
                self.assertEqual(held, [["t" if cell == "EXECUTE" else "f"]], (kind, name))
            mere = psql(uri(), f"""SELECT proname FROM pg_proc WHERE pronamespace = 'annals'::regnamespace AND NOT prosecdef
                AND proname ~ 'attach|seize|spent' AND has_function_privilege('{role}', oid, 'EXECUTE')""")
            self.assertEqual(mere, [], kind)

    def test_views(self):
        for kind, role in self.roles.items():
            views = psql(uri(), f"""SELECT v.oid::regclass, coalesce(string_agg(p.name, ' '), '') FROM pg_class v
                LEFT JOIN unnest('{{{','.join(BY_TABLE)}}}'::text[]) p (name) ON has_table_privilege('{role}', v.oid, p.name)
                WHERE v.relnamespace = 'annals_read'::regnamespace GROUP BY v.oid""")
            self.assertGreater(len(views), 5)
            for view, held in views:
                self.assertEqual(set(held.split()), rights_of(self.matrix[kind]["views in annals_read"], [])[0], (kind, view))

    def attempts(self, role, table):
        """Statements that touch no row, each with whether the document allows it."""
        whole, some = self.expected(role, table)
        for column in self.columns[table]:
            yield f'SELECT "{column}" FROM annals.{table} LIMIT 0', ("SELECT", column) in some
            yield (f'INSERT INTO annals.{table} ("{column}") OVERRIDING SYSTEM VALUE SELECT NULL WHERE false',
                   ("INSERT", column) in some)
            yield f'UPDATE annals.{table} SET "{column}" = DEFAULT WHERE false', ("UPDATE", column) in some
        yield f"DELETE FROM annals.{table} WHERE false", "DELETE" in whole
        yield f"TRUNCATE annals.{table}", "TRUNCATE" in whole
        yield f"LOCK TABLE annals.{table} IN ACCESS EXCLUSIVE MODE", bool({"UPDATE", "DELETE", "TRUNCATE"} & whole)

    def test_every_role_can_do_that_and_nothing_else(self):
        for kind, role in self.roles.items():
            tried = [attempt for table in self.columns for attempt in self.attempts(kind, table)]
            script = "\\set ON_ERROR_STOP off\n\\set VERBOSITY sqlstate\n" + "".join(
                f"BEGIN;\n{sql};\n\\echo = :SQLSTATE\nROLLBACK;\n" for sql, _ in tried)
            said = [words[0][2:] for words in psql(uri(role), text=script) if words[0].startswith("= ")]
            self.assertEqual(len(said), len(tried), kind)
            for (sql, allowed), sqlstate in zip(tried, said):
                # An UPDATE of a column that is drawn is refused when it is parsed, before anybody's rights are looked at.
                if not (sqlstate == "428C9" and not allowed):
                    self.assertEqual(sqlstate, "00000" if allowed else "42501", f"{kind}: {sql}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
