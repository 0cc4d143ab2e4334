#!/usr/bin/env python3
"""The allow list lets known faults pass, and nothing else; and it only shrinks."""
import unittest

from tree import Allowed

LIST = Allowed("# a comment\nsizes: apps/cli/ 42  # flat\narrows: a.sql events  # a reason\n")


class AllowList(unittest.TestCase):
    def test_lets_what_it_names_pass(self):
        self.assertEqual(LIST.judge("sizes", [("apps/cli/", 42, "42 sources")]), [])

    def test_lets_nothing_else_pass(self):
        self.assertEqual(LIST.judge("sizes", [("apps/cli/", 42, "x"), ("apps/relay/", 13, "13 sources")]), ["13 sources"])

    def test_does_not_let_it_grow(self):
        self.assertEqual(LIST.judge("sizes", [("apps/cli/", 43, "43 sources")]), ["43 sources"])

    def test_asks_for_a_lower_number(self):
        self.assertIn("is 41 now", LIST.judge("sizes", [("apps/cli/", 41, "41 sources")])[0])

    def test_asks_to_drop_what_is_mended(self):
        self.assertIn("remove the line", LIST.judge("sizes", [])[0])
        self.assertIn("remove the line", LIST.judge("arrows", [])[0])

    def test_wants_a_reason(self):
        with self.assertRaises(SystemExit):
            Allowed("sizes: apps/cli/ 42")


if __name__ == "__main__":
    unittest.main()
