"""A file takes steps in proportion to its size, and no more than there are for one file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from checking import found, result

from gil_demo.check.flow.code import TEXT_OF_A_STEP
from gil_demo.check.flow.effort import MAX_STEPS_OF_FILE, Effort
from gil_demo.check.flow.expressions import MAX_EXPANDED
from gil_demo.check.flow.follow import follow
from gil_demo.check.project.project import Project
from gil_demo.check.source.functions import MAX_FUNCTIONS
from gil_demo.check.source.source import Source

pytestmark = pytest.mark.usefixtures("parser")

BEGIN, END = "Py_BEGIN_ALLOW_THREADS\n", "Py_END_ALLOW_THREADS\n"


def inside(line: Callable[[int], str], before: str = "", after: str = "") -> Callable[[int], str]:
    """Make the code of one function of so many lines."""
    return lambda size: f"int f(int a)\n{{\n{before}{''.join(map(line, range(size)))}{after}}}\n"


GROWING = {
    "blocks": inside(lambda i: f"{BEGIN}work({i});\n{END}"),
    "calls": inside(lambda i: "Py_INCREF(o);\n", BEGIN, END),
    "ways out": inside(lambda i: f"if (work({i})) return 1;\nPyList_New(0);\n", BEGIN),
    "else-if": inside(lambda i: f"else if (work({i})) a = {i};\n", f"{BEGIN}if (a) b();\n", END),
    "cases": inside(
        lambda i: f"case {i}: work(a); break;\n", f"{BEGIN}switch (a) {{\n", f"}}\n{END}"
    ),
    "and": inside(lambda i: f"&& work({i})\n", f"{BEGIN}if (a\n", f") b();\n{END}"),
    "macros": inside(lambda i: f"M(work({i}));\n", f"#define M(x) {BEGIN.strip()} x; {END}"),
}


def steps(code: str) -> int:
    """Return how many steps the functions of some code take."""
    source = Source(Path("one.c"), code)
    project, effort = Project([source]), Effort()
    for function in source.functions:
        assert follow(function, function.body, project, effort).understood
    return effort.steps


@pytest.mark.parametrize("code", GROWING.values(), ids=GROWING.keys())
def test_twice_the_lines_take_twice_the_steps(code: Callable[[int], str]) -> None:
    """Steps are counted, so that a busy machine changes nothing."""
    assert steps(code(400)) <= 2.2 * steps(code(200))


def test_stations_are_looked_up_and_not_searched(tmp_path: Path) -> None:
    """One finding for a thousand ways out, with the calls on the way of the first."""
    code = GROWING["ways out"](1000)
    assert found(tmp_path, code) == ["leaves-block error 4"]


NASTY = {
    "braces": "{" * 20_000 + BEGIN + "}" * 20_000,
    "parentheses": f"{BEGIN}x = {'(' * 20_000}work(){')' * 20_000};\n{END}",
    "open parentheses": BEGIN + "w(" * 20_000,
    "ifs": f"{BEGIN}{'if (w(a)) ' * 20_000};\n{END}",
    "directives": BEGIN + "\n#if A\n" * 5_000 + "work();" + "\n#endif\n" * 5_000 + END,
    "raw strings": 'R"(' * 20_000,
    "quotes": '"' + '\\"' * 50_000,
    "a long word": f"{BEGIN}{'a' * 500_000}();\n{END}",
    "scopes": f"{BEGIN}{'a::' * 100_000}b();\n{END}",
    "lambdas": f"{BEGIN}{'g([&]() {' * 5_000}work();{'});' * 5_000}{END}",
    "static": "static a\n" * 50_000 + BEGIN + "work();" + END,
    "blanks behind static": f"{BEGIN}work();{END}static{' ' * 300_000}",
    "locks": f"{BEGIN}x = {'mtx_lock(' * 20_000}a{')' * 20_000};\n{END}",
    "a long lock": f"mtx_lock(b); {BEGIN}mtx_lock(b); {END}mtx_unlock(b); {'a->' * 100_000}b;",
    "conversions": f"PyArray_DATA(x); {BEGIN}work(); {END}"
    f"{'a = PyArray_FROM_OTF(' * 5_000}1{')' * 5_000};",
    "loops": "".join(f"for (;w{i}();) {{ if (x{i}) y{i} = w(); {BEGIN}{END}" for i in range(14))
    + "}" * 14,
}


@pytest.mark.parametrize("inner", NASTY.values(), ids=NASTY.keys())
def test_nothing_that_a_function_may_hold_stops_the_check(inner: str, tmp_path: Path) -> None:
    """The function is read, or counted as not read whole; the one behind it is read."""
    file = tmp_path / "one.cpp"
    file.write_text(
        f"void f(int a)\n{{\n{inner}\n}}\nvoid g(int *a)\n{{\n{BEGIN}work();\n{END}}}\n"
    )
    assert result(file).functions


def test_a_header_of_empty_lines_is_read() -> None:
    """It is looked through once to tell whether it is C++."""
    assert not Source(Path("one.h"), "\n" * 1_000_000).cpp


def test_macros_of_one_name_are_looked_at_once(tmp_path: Path) -> None:
    """However many there are, and however often the name is used."""
    file = tmp_path / "one.c"
    uses = "C(1);\n" * 10_000
    file.write_text("#define C 1\n" * 50_000 + f"void f(void)\n{{\n{BEGIN}{uses}{END}}}\n")
    assert result(file).blocks == 1


def test_a_macro_that_is_too_long_with_its_arguments_takes_steps_each_time() -> None:
    """It is put together before one can tell, so many uses must come to an end."""
    long = f"#define M(x) x {'y ' * (MAX_EXPANDED // 2 - 20)} x; return\n"
    code = f"{long}void f(void)\n{{\n{BEGIN}{{0}}{END}}}\n"
    source = Source(Path("one.c"), code.replace("{0}", "M(work(1234567890));\n" * 50))
    (function,), effort = source.functions, Effort()
    follow(function, function.body, Project([source]), effort)
    assert effort.steps > 50 * MAX_EXPANDED // TEXT_OF_A_STEP


def test_macros_that_stand_for_more_and_more_are_given_up(tmp_path: Path) -> None:
    """Ten times ten times ten: what is not read is told, with its place."""
    lines = [f"#define L{i} {f'L{i + 1}; ' * 10}\n" for i in range(9)]
    file = tmp_path / "one.c"
    file.write_text(
        "".join(lines) + f"#define L9 {BEGIN.strip()} work(); {END}void f(void)\n{{ L0; }}\n"
    )
    (place,) = result(file).not_whole
    assert place.line == 11


def test_macros_that_name_each_other_in_a_long_chain_are_read(tmp_path: Path) -> None:
    """However long it is; one that is too long to be followed is told."""
    chain = "".join(f"#define C{i} C{i + 1}\n" for i in range(5_000))
    file = tmp_path / "one.c"
    file.write_text(f"{chain}#define C5000 {BEGIN}void f(void) {{ C0; work(); }}\n")
    assert result(file).functions_not_understood == 1


def test_a_file_that_takes_too_many_steps_is_read_in_part_and_this_is_told(tmp_path: Path) -> None:
    """What is read is judged as ever."""
    lines = "work();\n" * 2_000
    functions = "".join(
        f"void f{i}(PyObject *o)\n{{\n{BEGIN}{lines}Py_INCREF(o);\n{END}}}\n"
        for i in range(MAX_STEPS_OF_FILE // 2_000)
    )
    file = tmp_path / "one.c"
    file.write_text(functions)
    told = result(file)
    assert told.findings
    assert 0 < told.functions_not_understood < told.functions


MANY = {
    "functions": "int g(int a) {}\n" * (MAX_FUNCTIONS + 5),
    "lambdas": f"void f(int a) {{ {'[]{}' * (MAX_FUNCTIONS + 5)}\n}}",
    "guard classes": "".join(
        f"struct C{i} {{ C{i}() {{ s = PyEval_SaveThread(); }}\n"
        f"~C{i}() {{ PyEval_RestoreThread(s); }} }};\nvoid f{i}() {{ C{i} c; work(); }}\n"
        for i in range(MAX_FUNCTIONS // 3 + 5)
    ),
}


@pytest.mark.parametrize("code", MANY.values(), ids=MANY.keys())
def test_only_so_many_functions_of_a_file_are_read(code: str) -> None:
    """Each costs something before its first step, so that steps do not limit them."""
    source = Source(Path("one.cpp"), code)
    assert len(source.functions) == MAX_FUNCTIONS
    assert source.unread_from is not None


def test_a_file_with_too_many_functions_is_read_in_part_and_this_is_told(tmp_path: Path) -> None:
    """The first are judged as ever; one line says where the others begin."""
    wrong = f"void f(PyObject *o) {{ {BEGIN}Py_INCREF(o); {END}}}\n"
    file = tmp_path / "one.c"
    file.write_text(wrong + "int g(int a) {}\n" * (MAX_FUNCTIONS - 1) + wrong)
    told = result(file)
    assert [one.place.line for one in told.findings] == [2]
    why = f"has more than 5,000 functions: those from line {MAX_FUNCTIONS + 3:,} on are not read"
    assert told.unreadable == ((str(file), why),)


def test_a_file_with_as_many_functions_as_are_read_is_read_whole(tmp_path: Path) -> None:
    """Nothing is left over, so nothing is said."""
    last = f"void f(PyObject *o) {{ {BEGIN}Py_INCREF(o); {END}}}\n"
    file = tmp_path / "one.c"
    file.write_text("int g(int a) {}\n" * (MAX_FUNCTIONS - 1) + last)
    told = result(file)
    assert (len(told.findings), told.unreadable) == (1, ())
