#!/usr/bin/env python3
"""Shows that check.py sees each kind of violation, and only that one, in a small tree that is right otherwise."""

import pathlib
import tempfile
import unittest

import check

GOOD = {
    "include/stompchat/error.hpp": "#include <boost/system/error_code.hpp>\n",
    "include/stompchat/stomp/decoder.hpp": (
        "#include <stompchat/error.hpp>\n#include <string>\n"
        "#if defined(STOMPCHAT_HEADER_ONLY)\n#include <stompchat/stomp/impl/decoder.ipp>\n#endif\n"
    ),
    "include/stompchat/stomp/impl/decoder.ipp": "#include <stompchat/stomp/decoder.hpp>\n",
    "include/stompchat/ports/broker.hpp": "#include <boost/asio/any_completion_handler.hpp>\n",
    "include/stompchat/memory/memory_broker.hpp": "#include <stompchat/ports/broker.hpp>\n",
    "include/stompchat/delivery/cursor.hpp": "#include <stompchat/ports/broker.hpp>\n",
    "include/stompchat/node/chat_node.hpp": (
        "/** Use:\n    #include <stompchat/memory/memory_broker.hpp>\n*/\n"
        "#include <stompchat/ports/broker.hpp>\n#include <stompchat/stomp/decoder.hpp>\n"
        "#if defined(STOMPCHAT_HEADER_ONLY)\n#include <stompchat/node/impl/http.ipp>\n#endif\n"
    ),
    "include/stompchat/node/impl/http.ipp": "#include <stompchat/node/chat_node.hpp>\n#include <boost/beast/http.hpp>\n",
    "include/stompchat/net/platform.hpp": "#include <sys/socket.h>\n#include <unistd.h>\n",
    "src/stomp.cpp": "#include <stompchat/stomp/impl/decoder.ipp>\n",
    "src/http.cpp": "#include <stompchat/node/impl/http.ipp>\n",
}


class CheckTest(unittest.TestCase):
    def problems(self, changes={}):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**GOOD, **changes}.items():
                file = pathlib.Path(root, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return check.Tree(root).check()

    def expect(self, name, text, *words):
        """Appends `text` to a file of the good tree and expects one problem, which says all `words`."""
        problems = self.problems({name: GOOD.get(name, "") + text})
        self.assertEqual(len(problems), 1, problems)
        for word in words:
            self.assertIn(word, problems[0])

    def test_a_good_tree_has_no_problems(self):
        self.assertEqual(self.problems(), [])

    def test_a_lower_layer_may_not_include_a_higher_one(self):
        self.expect("include/stompchat/ports/broker.hpp", "#include <stompchat/delivery/cursor.hpp>\n", "broker.hpp:2", "ports may not")

    def test_layers_without_an_arrow_may_not_include_each_other(self):
        self.expect("include/stompchat/ports/broker.hpp", "#include <stompchat/stomp/decoder.hpp>\n", "ports may not")

    def test_the_root_may_not_include_a_layer(self):
        self.expect("include/stompchat/error.hpp", "#include <stompchat/stomp/decoder.hpp>\n", "root may not")

    def test_nothing_in_the_library_names_an_adapter(self):
        self.expect("include/stompchat/node/chat_node.hpp", "#include <stompchat/memory/memory_broker.hpp>\n", "node may not")

    def test_an_include_of_nothing_is_seen(self):
        self.expect("include/stompchat/error.hpp", "#include <stompchat/stomp/encoder.hpp>\n", "there is no stompchat/stomp/encoder.hpp")

    def test_a_folder_that_is_no_layer_is_seen(self):
        self.expect("include/stompchat/util/strings.hpp", "#include <string>\n", "no layer")

    def test_the_codec_knows_no_asio(self):
        self.expect("include/stompchat/stomp/decoder.hpp", "#include <boost/asio/buffer.hpp>\n", "stomp may not include boost/asio")

    def test_delivery_knows_no_clock(self):
        self.expect("include/stompchat/delivery/cursor.hpp", "#include <boost/asio/steady_timer.hpp>\n", "no clock")

    def test_ports_know_no_socket(self):
        self.expect("include/stompchat/ports/broker.hpp", "#include <boost/asio/ip/tcp.hpp>\n", "no socket")

    def test_beast_is_in_no_header(self):
        self.expect("include/stompchat/node/chat_node.hpp", "#include <boost/beast/core.hpp>\n", "in .ipp files only")

    def test_beast_is_for_the_node_alone(self):
        self.expect("include/stompchat/stomp/impl/decoder.ipp", "#include <boost/beast/core.hpp>\n", "stomp may not")

    def test_openssl_is_in_no_header(self):
        self.expect("include/stompchat/net/platform.hpp", "#include <openssl/ssl.h>\n", "in .ipp files only")

    def test_beast_is_in_few_units(self):
        changes = {}
        for name in ("a", "b", "c"):
            path = f"stompchat/node/impl/{name}.ipp"
            changes[f"include/{path}"] = "#include <boost/beast/http.hpp>\n"
            changes[f"src/{name}.cpp"] = f"#include <{path}>\n"
            changes[f"include/stompchat/node/{name}.hpp"] = f"#if defined(STOMPCHAT_HEADER_ONLY)\n#include <{path}>\n#endif\n"
        problems = self.problems(changes)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn("Beast is in 4 units", problems[0])

    def test_the_operating_system_is_called_in_one_file(self):
        self.expect("include/stompchat/node/chat_node.hpp", "#include <sys/epoll.h>\n", "belong in one file")

    def test_an_ipp_file_that_nothing_compiles_is_seen(self):
        problems = self.problems({"src/stomp.cpp": ""})
        self.assertEqual(problems, ["stompchat/stomp/impl/decoder.ipp: must be compiled by one file of src/, not by 0: "])

    def test_an_ipp_file_that_is_compiled_twice_is_seen(self):
        self.expect("src/http.cpp", "#include <stompchat/stomp/impl/decoder.ipp>\n", "not by 2", "src/http.cpp")

    def test_an_ipp_file_that_is_missing_in_header_only_mode_is_seen(self):
        problems = self.problems({
            "include/stompchat/stomp/impl/new.ipp": "",
            "src/stomp.cpp": GOOD["src/stomp.cpp"] + "#include <stompchat/stomp/impl/new.ipp>\n",
        })
        self.assertEqual(problems, ["stompchat/stomp/impl/new.ipp: no header includes it in header-only mode"])

    def test_an_ipp_file_outside_the_guard_is_seen(self):
        text = "#include <stompchat/stomp/impl/decoder.ipp>\n"
        problems = self.problems({"include/stompchat/stomp/decoder.hpp": text})
        self.assertIn("stompchat/stomp/decoder.hpp:1: stompchat/stomp/impl/decoder.ipp is included in the compiled mode too", problems)

    def test_a_quoted_include_is_seen(self):
        self.expect("include/stompchat/delivery/cursor.hpp", '#include "../memory/broker.hpp"\n', "must be written <stompchat/...>")

    def test_a_long_file_is_seen(self):
        self.expect("src/stomp.cpp", "\n" * 500, "501 lines")

    def test_generated_files_may_be_long(self):
        self.assertEqual(self.problems({"web/package-lock.json": "\n" * 501}), [])


if __name__ == "__main__":
    unittest.main()
