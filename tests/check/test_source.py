"""Text is prepared for the parser so that each offset keeps its meaning."""

import re
from pathlib import Path

import pytest

from gil_demo.check.source.conditions import taken
from gil_demo.check.source.read import MAX_BYTES, NotReadable, read
from gil_demo.check.source.source import Source

CODE = """\
/* a comment with { and " */
#include <Python.h>
#define TWICE(x) \\
    ((x) * 2)
static int first(int a) /* here } */
{
    char quote = '"', brace = '{'; // }
    return puts("} \\" {") + a;
}
#ifdef SOMETHING
int second(void) { return 1;
#else
int second(int b) { return b;
#endif
}
"""


def source(code: str, name: str = "one.c") -> Source:
    """Return a file that is nowhere."""
    return Source(Path(name), code)


def test_comments_and_strings_are_blanked_and_lengths_are_kept() -> None:
    """Each line break stays where it was, and nothing of a comment is left."""
    prepared = source(CODE).code
    assert len(prepared) == len(CODE)
    assert [at for at, c in enumerate(prepared) if c == "\n"] == [
        at for at, c in enumerate(CODE) if c == "\n"
    ]
    assert "comment" not in prepared
    assert "here" not in prepared


def test_each_branch_is_read_in_a_reading_of_its_own() -> None:
    """Braces match although a function's header stands twice."""
    first, one, other = source(CODE).functions
    assert (first.name, one.name, other.name) == ("first", "second", "second")
    assert ("return 1" in one.body, "return b" in other.body) == (True, True)


def test_a_branch_that_no_reading_keeps_can_be_asked_for() -> None:
    """A branch in the middle is read where its offset is wanted."""
    code = "void f(void)\n{\n#if A\na();\n#elif B\nb();\n#else\nc();\n#endif\n}\n"
    one = source(code)
    assert not any("b()" in text for f in one.functions for text in (f.body, *f.others))
    one.add_branches((code.index("b()"),))
    assert any("b()" in text for f in one.functions for text in (f.body, *f.others))


@pytest.mark.parametrize(
    ("asks", "asks_opposite"),
    [
        ("#ifdef FAST", "#ifndef FAST"),
        ("#if defined(FAST)", "#if !defined FAST"),
        ("#if FAST > 3", "#if FAST > 3\n#else"),
    ],
)
def test_a_reading_answers_the_same_question_in_the_same_way(asks: str, asks_opposite: str) -> None:
    """No build has the begin of one branch and the end of its opposite, as Cython writes them."""
    code = (
        f"void f(int a) {{\n{asks}\none();\n#endif\n{asks}\ntwo();\n#else\nthree();\n#endif\n"
        f"{asks_opposite}\nfour();\n#endif\n}}\n"
    )
    branches = source(code)._branches
    with_three = branches.reading(True, (code.index("three()"),))
    assert re.findall(r"\w+(?=\(\);)", with_three) == ["three", "four"]
    with_two = branches.reading(False, (code.index("two()"),))
    assert re.findall(r"\w+(?=\(\);)", with_two) == ["one", "two"]


def test_macros_behind_each_kind_of_branch_are_kept() -> None:
    """C23 has ``#elifdef``: what is behind it is not part of the branch before."""
    code = "#if 0\n#define A 1\n#elifdef X\n#define B 2\n#else\n#define C 3\n#endif\n"
    assert [macro.name for macro in source(code).macros] == ["B", "C"]


def test_lines_and_columns_are_those_that_a_person_counts() -> None:
    """A column counts characters, not bytes, where the file is UTF-8."""
    text = "int a; /* ü */ int b;\n".encode().decode("latin-1")
    one = source(text)
    assert (one.line(text.index("b;")), one.column(text.index("b;"))) == (1, 20)
    assert one.line_text(1) == "int a; /* ü */ int b;"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("static PyObject *\nname(PyObject *self)\n{ }", ["name"]),
        ("old(a, b)\n    int a;\n    char *b;\n{ }", ["old"]),
        ("static int table[] = { 1, 2 };\nint f(void) { }", ["f"]),
        ("struct s { int x; };\nint f(struct s *x) { }", ["f"]),
        ("int f(void) __attribute__((cold)) { }", ["f"]),
        ("PyAPI_FUNC(int) f(void) { }", ["f"]),
        ('extern "C" {\nint f(void) { }\n}', ["f"]),
    ],
)
def test_functions_are_found_by_their_braces(code: str, names: list[str]) -> None:
    """Whatever stands before the name, and whatever else has braces."""
    assert [function.name for function in source(code).functions] == names


def test_swig_s_own_lines_are_blanked() -> None:
    """Their C is read, and a typemap's block is left alone."""
    code = "%inline %{\nint f(void) { return 1; }\n%}\n%typemap(in) T { x(); }\nint g(int a) { }\n"
    assert [one.name for one in source(code, "one.i").functions] == ["f", "g"]


def test_methods_have_their_class_and_lambdas_stand_alone() -> None:
    """C++: a class and a namespace are looked into; a lambda runs elsewhere."""
    code = (
        "namespace n { class C { public: C() : x(1) { } int get() { return x; } }; }\n"
        'void bind(module &m) { m.def("f", [](int a) { return work(a); }); }\n'
    )
    found = {(one.owner, one.name) for one in source(code, "one.cpp").functions}
    assert found == {("C", "C"), ("C", "get"), ("", "bind"), ("", "lambda in bind")}


@pytest.mark.parametrize(
    ("kind", "condition", "answers"),
    [
        ("if", "0", (False, False)),
        ("if", "PY_VERSION_HEX >= 0x030c0000", (True, True)),
        ("if", "PY_MAJOR_VERSION < 3", (False, False)),
        ("ifdef", "PYPY_VERSION", (False, False)),
        ("ifdef", "HAVE_IT", (True, False)),
        ("ifndef", "HAVE_IT", (False, True)),
        ("if", "defined(HAVE_IT) && !defined(Py_GIL_DISABLED)", (True, False)),
        ("if", "(1 + 2 * 3) == 7 || nonsense(", (True, False)),
    ],
)
def test_conditions_are_evaluated(kind: str, condition: str, answers: tuple[bool, bool]) -> None:
    """With unknown symbols defined, and without."""
    assert tuple(taken(kind, condition, False, unknown) for unknown in (True, False)) == answers


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    """A folder, nothing, UTF-16, and more than any person writes."""
    utf16 = tmp_path / "utf16.c"
    utf16.write_text("int a;", encoding="utf-16")
    large = tmp_path / "large.c"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    wrong = {tmp_path: "folder", tmp_path / "gone.c": "not there", utf16: "UTF-16", large: "MB"}
    for path, word in wrong.items():
        with pytest.raises(NotReadable, match=word):
            read(path)


def test_nul_bytes_and_other_encodings_are_read(tmp_path: Path) -> None:
    """A byte is a character here, so that nothing fails to decode."""
    file = tmp_path / "odd.c"
    file.write_bytes(b"/* \xe9\xff\x00 */ int f(void) { return 1; }\x00\n")
    assert [function.name for function in read(file).functions] == ["f"]
