#!/usr/bin/env python3
# Boost Software License 1.0, see LICENSE
"""check.py sees what it is there to see."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check

DOXYFILE = pathlib.Path(__file__).parents[3] / "docs/reference/Doxyfile"
HEADER = """
/// A place.
namespace stompchat::inline STOMPCHAT_ABI {
/// A thing.
class thing {
public:
    thing(const thing&) = delete;
%s
private:
    int hidden() const;
};
%s
} // namespace stompchat::inline STOMPCHAT_ABI
"""


class Reference(unittest.TestCase):
    def found(self, member="", behind="", folder="include/stompchat"):
        with tempfile.TemporaryDirectory() as root:
            for one in ("include/stompchat", "docs/reference", folder):
                (pathlib.Path(root) / one).mkdir(parents=True, exist_ok=True)
            (pathlib.Path(root) / folder / "thing.hpp").write_text(HEADER % (member, behind))
            return check.problems(pathlib.Path(root), DOXYFILE)[0]

    def test_a_documented_header_is_fine(self):
        self.assertEqual(self.found("    /// Told.\n    STOMPCHAT_DECL int told() const;", "/// Told.\nint free();"), [])

    def test_an_undocumented_symbol_is_seen(self):
        for member, behind in (("    int bare;", ""), ("    STOMPCHAT_DECL void bare();", ""), ("    using bare = int;", ""),
                               ("    struct bare {\n        int x;\n    };", ""), ("", "void bare();"), ("", "struct bare {\n    int x;\n};"), ("", "enum class bare { a };")):
            with self.subTest(member + behind):
                self.assertIn("bare", "".join(self.found(member, behind)))

    def test_all_enumerators_are_documented_or_none(self):
        self.assertEqual(self.found("", "/// Told.\nenum class e { one, two };"), [])
        self.assertEqual(self.found("", "/// Told.\nenum class e { one, ///< told\n two ///< told\n };"), [])
        self.assertIn("but not two", "".join(self.found("", "/// Told.\nenum class e { one, ///< told\n two };")))

    def test_a_mistake_in_a_comment_is_seen(self):
        self.assertIn("nobody", "".join(self.found("    /** @param nobody is not there. */\n    void told(int other);")))

    def test_what_is_no_interface_is_passed_over(self):
        for folder in ("include/stompchat/detail", "include/stompchat/impl"):
            self.assertEqual(self.found("    int bare;", folder=folder), [])


if __name__ == "__main__":
    unittest.main()
