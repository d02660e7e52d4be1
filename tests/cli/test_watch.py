"""`gil-demo watch` runs any program as Python does, and finds the line that makes others wait."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gil_demo.report.document import schema

pytestmark = pytest.mark.usefixtures("watchable")

Command = Callable[..., CompletedProcess[str]]
Watched = Callable[..., tuple[CompletedProcess[str], dict[str, Any]]]

STALLS = """\
import threading, time
from gil_demo import hold_gil

def export():
    hold_gil(0.08)

def serve():
    for _ in range(3):
        time.sleep(0.02)
        export()

def tick():
    while not done:
        time.sleep(0.002)

done = []
ticker = threading.Thread(target=tick, name="ticker")
ticker.start()
server = threading.Thread(target=serve, name="server")
server.start()
server.join()
done.append(1)
ticker.join()
print("served")
"""


def test_the_line_that_makes_others_wait_is_found(watched: Watched) -> None:
    """In the sentence, in the table, and with its callers; it is C that does not release."""
    ended, seen = watched(STALLS)
    assert ended.stdout == "served\n"
    assert (
        "was caused by program.py:5 (export), in hold_gil: C that does not release the GIL."
        in " ".join(ended.stderr.split())
    )
    worst = seen["places"][0]
    assert (worst["frame"]["function"], worst["frame"]["line"]) == ("export", 5)
    assert worst["kind"] == "c"
    assert worst["threads"] == ["server"]
    assert worst["waiters"] == ["ticker"]
    functions = [frame["function"] for frame in worst["stack"]]
    assert functions[functions.index("export") :][:3] == ["export", "serve", "Thread.run"]


def test_the_document_keeps_its_schema_and_its_sums(watched: Watched) -> None:
    """What holds caused is part of what threads waited; what was held is part of the time."""
    _, seen = watched(STALLS)
    Draft202012Validator(schema("watch")).validate(seen)
    assert {row["name"] for row in seen["threads"]} == {"MainThread", "server", "ticker"}
    caused = sum(place["caused_wait_seconds"] for place in seen["places"])
    assert 0.02 < caused <= seen["waited_seconds"] + 1e-6
    assert sum(row["held_seconds"] for row in seen["threads"]) <= seen["seconds"] + 1e-6
    assert seen["longest_wait_seconds"] >= 0.02
    assert seen["lost_events"] == 0
    assert seen["exit_code"] == 0


def test_python_that_is_switched_in_time_is_told_apart(watched: Watched) -> None:
    """Two threads that compute in Python: each hold ends when the interval is over."""
    _, seen = watched(
        "import threading\n"
        "def work():\n    for _ in range(1_000_000): pass\n"
        "threads = [threading.Thread(target=work) for _ in range(2)]\n"
        "for t in threads: t.start()\nfor t in threads: t.join()\n"
    )
    frames = [(place["frame"] or {}).get("function") for place in seen["places"]]
    work = [place for place, name in zip(seen["places"], frames, strict=True) if name == "work"]
    assert work
    assert {place["kind"] for place in work} <= {"switched", "off-core"}


LOOP = """\
import asyncio, json
from gil_demo import hold_gil

def parse():
    hold_gil(0.06)

def count():
    return sum(number % 7 for number in range(1_500_000))

async def handle():
    await asyncio.sleep(0.02)
    parse()
    await asyncio.sleep(0.02)
    count()

asyncio.run(handle())
"""


def test_what_blocks_an_event_loop_is_found_by_a_thread_that_asks(watched: Watched) -> None:
    """C at the line of its call, Python at a line within; without such a thread nobody waits."""
    ended, seen = watched(LOOP)
    assert seen["places"] == []
    assert "--ask-every=10ms" in ended.stderr
    ended, seen = watched(LOOP, "--ask-every", "5ms")
    assert "--ask-every=" not in ended.stderr
    places = {place["frame"]["function"]: place for place in seen["places"] if place["frame"]}
    assert places["parse"]["frame"]["line"] == 5
    assert places["parse"]["kind"] in ("c", "off-core")
    assert places["parse"]["waiters"] == ["gil-demo asks"]
    assert any("count" in name for name in places)


def test_an_alarm_speaks_while_a_hold_goes_on(process: Command, tmp_path: Path) -> None:
    """With the thread, the stack, and who waits: here of a program that is killed in its hold."""
    (tmp_path / "hang.py").write_text(
        "import threading, time\nfrom gil_demo import hold_gil\n"
        "def stuck():\n    hold_gil(60)\n"
        "threading.Thread(target=lambda: [time.sleep(0.01) for _ in iter(int, 1)],"
        " daemon=True).start()\n"
        "stuck()\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-m", "gil_demo", "watch", "--alarm", "50ms", "hang.py"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    try:
        told = [running.stderr.readline() for _ in range(5)]
    finally:
        running.kill()
        _, rest = running.communicate()
    assert "launch.py" not in rest
    assert "MainThread" in told[0]
    assert "still has it; 1 thread waits" in told[0]
    assert "hold_gil (" in told[1]
    assert "stuck (" in told[3]
    assert "hang.py:4)" in told[3]
    assert "hang.py:6)" in told[4]


def test_an_alarm_tells_of_each_hold_that_made_another_thread_wait_so_long(
    watched: Watched,
) -> None:
    """Each once, by its thread, whether it went on or had ended when the alarm's thread looked.

    The stack told of a hold that goes on is that of the moment; the document has the one at its
    end. On a busy machine the thread may have had the GIL for long before it came to export(),
    and ticker may get no core for long: so the holds are long, too, and there are three.
    """
    ended, seen = watched(STALLS.replace("0.08", "0.4"), "--alarm", "40ms", "-q")
    _, *alarms = ended.stderr.split("gil-demo: alarm: thread ")
    long = [hold for hold in seen["holds"] if hold["longest_wait_ns"] >= 40_000_000]
    told = Counter(alarm.split()[0] for alarm in alarms)
    assert told == Counter(hold["thread"] for hold in long)
    assert any("export (" in alarm for alarm in alarms if alarm.startswith("server "))
    assert not any("export (" in alarm for alarm in alarms if not alarm.startswith("server "))
    assert "launch.py" not in ended.stderr


@pytest.mark.parametrize(("allowed", "code"), [("30ms", 1), ("20s", 0)])
def test_fail_over_decides_the_exit_code(allowed: str, code: int, watched: Watched) -> None:
    """For CI: did a hold make another thread wait longer?"""
    ended, _ = watched(STALLS, "--fail-over", allowed, "-q")
    assert ended.returncode == code
    assert ("allowed: 30 ms" in ended.stderr) is bool(code)


def test_a_program_that_is_terminated_leaves_its_report(watched: Watched) -> None:
    """SIGTERM is how a service is stopped; the process still ends by that signal."""
    ended, seen = watched(f"{STALLS}import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    assert ended.returncode == -signal.SIGTERM
    assert "in hold_gil" in ended.stderr
    assert seen["exit_code"] == 128 + signal.SIGTERM


def test_ten_million_hand_overs_are_bounded_and_said(watched: Watched) -> None:
    """What no longer fits is counted; the totals stay exact."""
    ended, seen = watched(
        "from gil_demo.native.handovers import pairs\npairs(10_000_000)\n", "--max-holds", "1000"
    )
    assert seen["lost_events"] >= 9_999_000
    assert seen["hand_overs"] >= 10_000_000
    assert "There was no room for" in ended.stderr


def test_a_watch_within_a_watch_is_refused(watched: Watched) -> None:
    """In the program's own words: an exception it may catch."""
    ended, _ = watched(
        "import gil_demo\ntry:\n    with gil_demo.watch(): pass\n"
        "except RuntimeError as error: print(error)\n"
    )
    assert "a watch is running already" in ended.stdout
    assert ended.returncode == 0


def test_options_end_where_the_program_begins(process: Command, tmp_path: Path) -> None:
    """Whatever follows SCRIPT, -m MODULE or -c CODE is the program's, even --help."""
    (tmp_path / "program.py").write_text("import sys; print(sys.argv[1:])")
    for given in (["program.py"], ["-m", "program"], ["-c", "import sys; print(sys.argv[1:])"]):
        ended = process("watch", "-q", *given, "--help", "-m", "--json")
        assert ended.stdout == "['--help', '-m', '--json']\n", ended.stderr


ODD_NAMES = """\
import threading, time
names = {"hold": __import__("gil_demo").hold_gil}
exec(compile("def odd():\\n    hold(0.06)", "\\x1b[2J\\udcff.py", "exec"), names)
thread = threading.Thread(target=names["odd"], name="\\x1b[31m\\ud800\\n" + "\u00e9" * 30)
thread.start()
while thread.is_alive():
    time.sleep(0.002)
"""


def test_names_that_steer_a_terminal_or_have_no_encoding_are_escaped(
    watched: Watched, tmp_path: Path
) -> None:
    """Of threads and of files, in the report, in every file, and in what the alarm says."""
    names = ("csv", "markdown", "svg", "html", "trace")
    options = [word for name in names for word in (f"--{name}", f"seen.{name}.out")]
    ended, seen = watched(ODD_NAMES, "--alarm", "20ms", *options)
    assert ended.returncode == 0, ended.stderr
    assert "\x1b" not in ended.stderr
    assert "gil-demo: alarm: thread \\x1b[31m\\ud800\\n\u00e9\u00e9" in ended.stderr
    (name,) = (row["name"] for row in seen["threads"] if "ud800" in row["name"])
    assert name == "\\x1b[31m\\ud800\\n" + "\u00e9" * 30
    assert seen["places"][0]["frame"]["file"] == "\\x1b[2J\\udcff.py"
    assert all("\x1b" not in (tmp_path / f"seen.{name}.out").read_text() for name in names)


def test_every_form_of_the_report_is_written(watched: Watched, tmp_path: Path) -> None:
    """CSV, Markdown, SVG, HTML and a trace, of one run."""
    names = ("csv", "markdown", "svg", "html", "trace")
    options = [word for name in names for word in (f"--{name}", f"seen.{name}.out")]
    ended, _ = watched(STALLS, *options, "-q")
    assert ended.stderr == ""
    texts = {name: (tmp_path / f"seen.{name}.out").read_text() for name in names}
    assert "place,c," in texts["csv"]
    assert "C that does not release" in texts["markdown"]
    assert texts["svg"].startswith("<svg")
    assert '"thread":"server"' in texts["html"]
    events = json.loads(texts["trace"])["traceEvents"]
    assert {event["ph"] for event in events} == {"M", "X", "s", "f"}
    starts = {event["id"]: event for event in events if event["ph"] == "s"}
    ends = {event["id"]: event for event in events if event["ph"] == "f"}
    assert starts.keys() == ends.keys()
    assert all(starts[one]["tid"] != ends[one]["tid"] for one in starts)
