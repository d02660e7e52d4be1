"""Who has the GIL on the ways through a function."""

import textwrap
from pathlib import Path

import pytest
from checking import flow_of, found

pytestmark = pytest.mark.usefixtures("parser")

QUIET = {
    "blocks and unblocks": """
        void f(PyObject *o) {
            Py_BEGIN_ALLOW_THREADS
            Py_BLOCK_THREADS
            Py_INCREF(o);
            Py_UNBLOCK_THREADS
            Py_END_ALLOW_THREADS
        }""",
    "returns after Py_BLOCK_THREADS": """
        int f(int a) {
            Py_BEGIN_ALLOW_THREADS
            if (work(a)) {
                Py_BLOCK_THREADS
                return -1;
            }
            Py_END_ALLOW_THREADS
            return 0;
        }""",
    "asks the same condition twice": """
        void f(int big, PyObject *o) {
            PyThreadState *_save = NULL;
            if (big) _save = PyEval_SaveThread();
            work();
            if (big) PyEval_RestoreThread(_save);
            Py_DECREF(o);
        }""",
    "releases under a condition, in one expression": """
        #define NOGIL_IF(cond) do { \\
            PyThreadState *state = (cond) ? PyEval_SaveThread() : NULL;
        #define NOGIL_FI if (state != NULL) PyEval_RestoreThread(state); } while (0)
        void f(int n, PyObject *o) {
            NOGIL_IF(n >= 10000)
            work();
            NOGIL_FI;
            Py_DECREF(o);
        }""",
    "asks whether the state was saved": """
        void f(long n, PyObject *o) {
            NPY_BEGIN_THREADS_DEF;
            NPY_BEGIN_THREADS_THRESHOLDED(n);
            work();
            NPY_END_THREADS;
            Py_DECREF(o);
        }""",
    "remembers a flag": """
        int f(PyObject *o) {
            int failed = 0;
            Py_BEGIN_ALLOW_THREADS
            failed = work();
            if (failed) goto out;
            more();
        out:;
            Py_END_ALLOW_THREADS
            if (failed) PyErr_SetString(o, "no");
            return failed;
        }""",
    "blocks behind a case, without a semicolon": """
        int f(int a) {
            Py_BEGIN_ALLOW_THREADS
            switch (a) {
            case 1:
                Py_BLOCK_THREADS
                if (PyErr_CheckSignals())
                    return -1;
                Py_UNBLOCK_THREADS
                break;
            default:
                a = work();
            }
            Py_END_ALLOW_THREADS
            return a;
        }""",
    "hands the saved state on and asks for it": """
        static int relock(PyThreadState **save) {
            PyEval_RestoreThread(*save);
            int rc = PyErr_CheckSignals();
            *save = PyEval_SaveThread();
            return rc;
        }
        PyObject *f(void) {
            PyThreadState *save = PyEval_SaveThread();
            while (work() && !relock(&save))
                more();
            if (save)
                PyEval_RestoreThread(save), save = NULL;
            return PyLong_FromLong(1);
        }""",
    "takes the GIL in a callback": """
        void f(void *o) {
            PyGILState_STATE s = PyGILState_Ensure();
            Py_DECREF((PyObject *)o);
            PyGILState_Release(s);
        }""",
    "takes the GIL in a block": """
        void f(PyObject *o) {
            Py_BEGIN_ALLOW_THREADS
            PyGILState_STATE s = PyGILState_Ensure();
            Py_DECREF(o);
            PyGILState_Release(s);
            work();
            Py_END_ALLOW_THREADS
        }""",
    "raises and is called with the state that it takes back": """
        static int check(int rc, PyThreadState *_save) {
            if (rc < 0) { NPY_END_THREADS; PyErr_SetString(0, "no"); return -1; }
            return 0;
        }
        int f(int rc) {
            NPY_BEGIN_THREADS_DEF;
            NPY_BEGIN_THREADS;
            if (check(rc, _save) < 0) return -1;
            NPY_END_THREADS;
            return 0;
        }""",
    "ends the process": """
        void f(int a) {
            Py_BEGIN_ALLOW_THREADS
            if (a) Py_FatalError("no");
            Py_END_ALLOW_THREADS
        }""",
    "has macros of its own for both": """
        #define BEGIN { PyThreadState *saved; saved = PyEval_SaveThread();
        #define END PyEval_RestoreThread(saved); }
        void f(PyObject *o) { BEGIN work(); END Py_DECREF(o); }""",
    "passes a statement to a macro": """
        #define LOCKED(statement) do { Py_BEGIN_ALLOW_THREADS lock(); \\
            statement; unlock(); Py_END_ALLOW_THREADS } while (0)
        void f(PyObject *o, int a) { LOCKED(if (a) { work(); }); Py_DECREF(o); }""",
    "has functions of its own for both": """
        static PyThreadState *s;
        void let(void) { s = PyEval_SaveThread(); }
        void take(void) { PyEval_RestoreThread(s); }
        void f(PyObject *o) { let(); work(); take(); Py_DECREF(o); }""",
    "asserts": """
        void f(PyObject *o) {
            Py_BEGIN_ALLOW_THREADS
            assert(Py_TYPE(o) != NULL && !PyErr_Occurred());
            Py_END_ALLOW_THREADS
        }""",
    "has a function pointer with a name like the API's": """
        static int (*Py_ShellOpen)(int) = NULL;
        int f(int a) {
            Py_BEGIN_ALLOW_THREADS
            a = Py_ShellOpen(a);
            Py_END_ALLOW_THREADS
            return a;
        }""",
    "begins in each turn of a loop": """
        void f(PyObject *o, int n) {
            for (int i = 0; i < n; i++) {
                Py_BEGIN_ALLOW_THREADS
                work(i);
                Py_END_ALLOW_THREADS
                Py_DECREF(o);
            }
        }""",
    "keeps the GIL for Python's objects": """
        void f(PyArrayObject *a, int type, PyObject *o) {
            NPY_BEGIN_THREADS_DEF;
            NPY_BEGIN_THREADS_DESCR(PyArray_DESCR(a));
            for (int i = 0; i < 3; i++) {
                if (PyArray_DESCR(a)->type_num == NPY_OBJECT) Py_XINCREF(o);
                if (work(a) < 0 || (PyDataType_REFCHK(PyArray_DESCR(a)) && PyErr_Occurred())) break;
            }
            NPY_END_THREADS;
        }""",
    "takes a lock that is new, and one of an object that goes": """
        static PyThread_type_lock done;
        void f(void) {
            done = PyThread_allocate_lock();
            PyThread_acquire_lock(done, 1);
            Py_BEGIN_ALLOW_THREADS
            PyThread_acquire_lock(done, 1);
            Py_END_ALLOW_THREADS
        }
        void work(thing *self) {
            Py_BEGIN_ALLOW_THREADS
            PyThread_acquire_lock(self->lock, 1);
            Py_END_ALLOW_THREADS
        }
        void thing_dealloc(thing *self) { PyThread_acquire_lock(self->lock, 1); }
        void finish(thing *self) { PyThread_acquire_lock(self->lock, 1); }
        PyType_Slot slots[] = {{Py_tp_dealloc, (void *)finish}, {0, NULL}};""",
    "forks": """
        int f(PyObject *o) {
            int pid;
            Py_BEGIN_ALLOW_THREADS
            pid = fork();
            if (pid == 0) { PyOS_AfterFork_Child(); Py_DECREF(o); _exit(0); }
            Py_END_ALLOW_THREADS
            return pid;
        }""",
}

LOUD = {
    "releases in a macro and returns in another": (
        """
        #define GIVE_UP(x) if (x) return -1
        int f(int a) {
            Py_BEGIN_ALLOW_THREADS
            GIVE_UP(work(a));
            Py_END_ALLOW_THREADS
            return 0;
        }""",
        ["leaves-block error 5"],
    ),
    "needs the GIL three functions further": (
        """
        static void third(PyObject *o) { Py_DECREF(o); }
        static void second(PyObject *o) { third(o); }
        static void first(PyObject *o) { second(o); }
        void f(PyObject *o) {
            Py_BEGIN_ALLOW_THREADS
            first(o);
            Py_END_ALLOW_THREADS
        }""",
        ["api-in-block error 7"],
    ),
    "calls what an argument may rule out": (
        """
        static void check(int rc) { if (rc == 3) PyErr_SetString(0, "no"); }
        void f(void) {
            Py_BEGIN_ALLOW_THREADS
            check(1);
            check(2);
            Py_END_ALLOW_THREADS
        }""",
        ["api-in-block advice 5"],
    ),
    "changes a variable in a for-each loop": (
        """
        void f(PyObject *o, std::vector<int> all) {
            int sum = 0;
            for (int one : all) sum += one;
            Py_BEGIN_ALLOW_THREADS
            if (sum) Py_DECREF(o);
            Py_END_ALLOW_THREADS
        }""",
        ["api-in-block error 6"],
    ),
    "calls in one branch and returns in another": (
        """
        int f(PyObject *o, int a) {
            NPY_BEGIN_THREADS_DEF;
            NPY_BEGIN_THREADS;
            switch (a) {
            case 0: Py_DECREF(o); NPY_END_THREADS; return 0;
            case 1: return work();
            }
            NPY_END_THREADS;
            return 2;
        }""",
        ["api-in-block error 6", "leaves-block error 7"],
    ),
    "releases on some ways": (
        """
        void f(PyObject *o, int a, int b) {
            PyThreadState *save;
            if (a) save = PyEval_SaveThread();
            if (b) Py_DECREF(o);
            if (a) PyEval_RestoreThread(save);
        }""",
        ["api-in-block warning 5"],
    ),
    "ends twice": (
        """
        void f(void) {
            PyThreadState *save = PyEval_SaveThread();
            PyEval_RestoreThread(save);
            PyEval_RestoreThread(save);
        }""",
        ["leaves-block error 5"],
    ),
    "changes a static variable in the first statement of a block": (
        """
        static int used;
        static double cache[8];
        double f(void) {
            Py_BEGIN_ALLOW_THREADS
            used = used + 1;
            Py_END_ALLOW_THREADS
            Py_BEGIN_ALLOW_THREADS
            cache[used++] = 1.0;
            Py_END_ALLOW_THREADS
            return cache[0];
        }""",
        ["shared-state advice 6", "shared-state advice 9"],
    ),
    "calls the same function at several places of one block": (
        """
        void f(PyObject *o) {
            Py_BEGIN_ALLOW_THREADS
            Py_INCREF(o);
            Py_DECREF(o);
            Py_END_ALLOW_THREADS
        }""",
        ["api-in-block error 4"],
    ),
}


@pytest.mark.parametrize("code", QUIET.values(), ids=QUIET.keys())
def test_code_that_is_right_is_silent(code: str, tmp_path: Path) -> None:
    """However unusual it is."""
    assert found(tmp_path, textwrap.dedent(code)) == []


@pytest.mark.parametrize(("code", "expected"), LOUD.values(), ids=LOUD.keys())
def test_code_that_is_wrong_is_flagged_once(code: str, expected: list[str], tmp_path: Path) -> None:
    """One finding for one cause, in its line and at its level."""
    assert found(tmp_path, textwrap.dedent(code), "advice", "one.cpp") == expected


def test_a_function_with_more_ways_than_are_followed_is_said_not_to_be_understood() -> None:
    """It gets no finding, and the last line of the report counts it."""
    branches = "".join(f"if (a == {i}) s{i} = PyGILState_Ensure();\n" for i in range(40))
    assert not flow_of(f"void f(int a) {{ {branches} }}").understood


def test_deep_nesting_is_given_up_without_a_crash() -> None:
    """Five hundred blocks in each other are nothing that a person wrote."""
    deep = "if (a) {" * 500 + "Py_BEGIN_ALLOW_THREADS Py_END_ALLOW_THREADS" + "}" * 500
    assert not flow_of(f"void f(int a) {{ {deep} }}").understood


OBJECTS = """\
void f(int a, int type_num, PyObject *o)
{
    NPY_BEGIN_THREADS_DEF;
    if (a) {
        NPY_BEGIN_THREADS;
    }
    if (type_num == NPY_OBJECT) {
        Py_INCREF(o);
    }
    NPY_END_THREADS;
}
"""


def test_a_way_on_which_the_data_are_objects_is_advice(tmp_path: Path) -> None:
    """Such code mostly keeps the GIL for objects, but the check has not seen that it does."""
    assert found(tmp_path, OBJECTS) == []
    assert found(tmp_path, OBJECTS, "advice") == ["api-in-block advice 8"]
