"""Prints one report of a faulty access: run by the process that dies of it.

``python -m gil_demo.report.guard_teller PATH OFFSET`` reads the facts in a file from a place on.
It imports neither NumPy nor rich, so that it is quick and needs little.
"""

import sys
from pathlib import Path

from gil_demo.guarding.facts import reports_at
from gil_demo.guarding.lines import with_lines
from gil_demo.report.guard import report_text


def main(path: str, offset: str) -> None:
    """Print the reports on standard error, in characters that it can show."""
    reports = reports_at(Path(path), int(offset))
    text = "".join(report_text(with_lines(report)) for report in reports)
    sys.stderr.reconfigure(errors="replace")  # type: ignore[union-attr]  # a TextIOWrapper
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
