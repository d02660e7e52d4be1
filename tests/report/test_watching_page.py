"""The page of a watch, in a real browser: drawn, zoomed, moved, searched by keys, light and dark.

The browser is driven over a pipe by the DevTools protocol: nothing is downloaded, no port is
opened. Where there is no Chromium, the page is checked as text only.
https://chromedevtools.github.io/devtools-protocol/
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gil_demo.report.watching_html import watch_html
from gil_demo.results.watching import (
    Frame,
    Hold,
    Lane,
    Place,
    Stretch,
    ThreadTotals,
    Waiter,
    WatchResult,
)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

FRAME = Frame("export", "/srv/app.py", 5)
EVIL = Frame("</script><script>alert(1)", "/srv/<b>.py", 1)

RESULT = WatchResult(
    program="app.py",
    python="3.12.1",
    seconds=1.0,
    held_seconds=0.4,
    waited_seconds=0.2,
    hand_overs=3,
    switch_interval_seconds=0.005,
    threads=(ThreadTotals("server", 7, 0.3, 0.0, 0.2, 0.0, 2),),
    places=(Place(FRAME, FRAME, "c", 1, 0.2, 0.2, 0.2, 0.2, ("server",), ("ticker",), (FRAME,)),),
    holds=(
        Hold(
            "server",
            500_000_000,
            700_000_000,
            200_000_000,
            200_000_000,
            "c",
            (Waiter("ticker", 200_000_000),),
            (FRAME,),
        ),
        Hold(
            "server",
            100_000_000,
            200_000_000,
            10_000_000,
            10_000_000,
            "c",
            (Waiter("ticker", 10_000_000),),
            (EVIL,),
        ),
    ),
    lanes=(
        Lane(
            "server",
            (Stretch(100_000_000, 200_000_000, 1, 2), Stretch(500_000_000, 700_000_000, 1, 1)),
            (),
        ),
        Lane("ticker", (), (Stretch(500_000_000, 700_000_000, 1),)),
    ),
    resolution_ns=0,
    worst=None,
    stacks=((), (FRAME,), (EVIL,)),
    longest_wait_seconds=0.2,
    lost_events=0,
    lost_stacks=0,
    other_gils=0,
    exit_code=0,
)


class Browser:
    """A page in a headless Chromium."""

    def __init__(self, folder: Path, page: Path) -> None:
        """Start the browser, and open a page in it."""
        assert CHROMIUM is not None
        (to_read, self._write), (self._read, to_write) = os.pipe(), os.pipe()

        # the protocol's pipe is descriptors 3 and 4
        connected = f'exec "$0" "$@" 3<&{to_read} 4>&{to_write}'
        self._process = subprocess.Popen(
            [
                *["bash", "-c", connected, CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"],
                *[f"--user-data-dir={folder}", "--remote-debugging-pipe", "about:blank"],
            ],
            pass_fds=(to_read, to_write),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._number, self._rest, self._session = 0, b"", ""
        target = self.ask("Target.createTarget", url=page.as_uri(), newWindow=True)
        attached = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        loaded = "location.protocol == 'file:' && document.readyState == 'complete'"
        while not self.value(loaded):
            pass

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                self._rest += os.read(self._read, 1 << 16)
            line, _, self._rest = self._rest.partition(b"\0")
            answer = json.loads(line)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found

    def value(self, expression: str) -> Any:
        """Evaluate an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def close(self) -> None:
        """End the browser."""
        self._session = ""
        self.ask("Browser.close")
        self._process.wait(20)
        os.close(self._write)
        os.close(self._read)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page of a made-up watch."""
    file = tmp_path / "page.html"
    file.write_text(watch_html(RESULT))
    return file


def test_a_page_needs_nothing_else_and_names_stay_text(page: Path) -> None:
    """No address to load from, and nothing that a file is called ends the script."""
    text = page.read_text()
    assert "http://" not in text
    assert "https://" not in text
    assert text.count("</script>") == 2
    assert "alert(1)" in text


def test_every_word_of_the_result_is_on_the_page(page: Path) -> None:
    """The sentence, threads and places."""
    text = page.read_text()
    assert "caused by app.py:5 (export): C that does not release the GIL." in text
    assert "export (/srv/app.py:5)" in text


if CHROMIUM:

    @pytest.fixture
    def browser(tmp_path: Path, page: Path) -> Iterator[Browser]:
        """The page, open in a browser."""
        opened = Browser(tmp_path / "profile", page)
        yield opened
        opened.close()

    def test_the_timeline_can_be_used_by_keys_alone(browser: Browser) -> None:
        """The worst hold, zoom, move, all, from hold to hold: each says where one is."""

        def view() -> str:
            return str(browser.value("byId('view').textContent"))

        def told() -> str:
            return str(browser.value("byId('told').textContent"))

        assert view() == "0 ns to 1.00 s: 1.00 s of 1.00 s"
        browser.value("canvas.focus()")
        assert browser.value("document.activeElement.id") == "lanes"
        browser.press("n")
        assert told().startswith("Worst hold 1: made others wait for 200 ms in all (ticker)")
        assert "export (/srv/app.py:5)" in told()
        whole = view()
        browser.press("+")
        assert view() != whole
        browser.press("ArrowRight")
        browser.press("0")
        assert view() == "0 ns to 1.00 s: 1.00 s of 1.00 s"
        browser.press(",")
        assert "server has the GIL for 100 ms, from 100 ms" in told()
        browser.press("ArrowDown")
        assert browser.value("data.lanes[lane].thread") == "ticker"

    def test_pointing_at_a_hold_tells_its_stack(browser: Browser) -> None:
        """The pointer needs no click; the wheel zooms around it."""
        box = browser.value("(({x, y}) => [x, y])(canvas.getBoundingClientRect())")
        at = {"x": box[0] + browser.value("x(600e6)"), "y": box[1] + 13}
        browser.ask("Input.dispatchMouseEvent", type="mouseMoved", **at)
        assert "server has the GIL for 200 ms" in browser.value("byId('told').textContent")
        browser.ask("Input.dispatchMouseEvent", type="mouseWheel", deltaX=0, deltaY=-100, **at)
        assert browser.value("to - from") < 1e9

    def test_each_worst_hold_has_a_button(browser: Browser) -> None:
        """It is reached by Tab, and shows its hold."""
        assert browser.value("document.querySelectorAll('#holds button').length") == 2
        browser.value("document.querySelectorAll('#holds button')[1].click()")
        assert "<script>" in browser.value("byId('told').textContent")
        assert browser.value("lane") == 0

    @pytest.mark.parametrize(
        ("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(13, 17, 23)")]
    )
    def test_colours_follow_the_reader(browser: Browser, scheme: str, paper: str) -> None:
        """Light paper or dark, as the reader's system is."""
        browser.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        assert browser.value("getComputedStyle(document.body).backgroundColor") == paper
        pixels = "pen.getImageData(0, 0, canvas.width, 26).data.some((one) => one > 0)"
        assert browser.value(pixels) is True
