"""A run as it is read in a terminal and in a notebook: where, picture, tables, verdict."""

import json
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from gil_demo.report.csv import run_csv
from gil_demo.report.document import json_text, run_document
from gil_demo.report.environment import environment_line
from gil_demo.report.kit.palette import STATE_STYLES
from gil_demo.report.kit.pictures import ShownInNotebooks
from gil_demo.report.kit.report import Texts
from gil_demo.report.kit.screen import screen
from gil_demo.report.markdown import run_markdown
from gil_demo.report.patterns import PatternsTable
from gil_demo.report.picture import Picture
from gil_demo.report.run_tables import responsiveness_table, run_caution, scaling_table
from gil_demo.report.trace import run_trace
from gil_demo.results.run import RunResult, Verdict


@dataclass(frozen=True)
class RunReport(ShownInNotebooks):
    """A `RunResult` that draws itself wherever rich draws: a terminal, a notebook, an SVG."""

    result: RunResult

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield environment_line(self.result.environment)
        yield RunBody(self.result)

    def screen(self) -> "RunReport":
        """Return what rich draws."""
        return self

    def document(self) -> dict[str, Any]:
        """Return the document that ``gil-demo run --json`` prints, as plain data."""
        return run_document(self.result)

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        return {
            "json": lambda: json_text(self.document()),
            "markdown": lambda: run_markdown(self.result, screen()),
            "csv": lambda: run_csv(self.result),
            "trace": lambda: json.dumps(run_trace(self.result)),
        }


@dataclass(frozen=True)
class RunBody:
    """Draw a run's report without the line on where it was."""

    result: RunResult

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        result = self.result
        for note in result.notes:
            yield Text(note, style="dim")
        if doubt := run_caution(result):
            yield Text(doubt, "bold")
        yield Text()
        if result.picture:
            yield Picture(result.picture, result.environment.gil_enabled)
            yield Text()
        if result.scaling:
            yield scaling_table(result.scaling, result.settings.rounds)
            yield Text()
        if result.responsiveness:
            yield responsiveness_table(result.responsiveness, result.settings.rounds)
            yield Text()
        if result.patterns:
            yield PatternsTable(result.patterns)
            yield Text()
        yield verdict_text(result.verdict)


def verdict_text(verdict: Verdict) -> Text:
    """Write the verdict's state and its sentences."""
    text = Text()
    text.append(f"Verdict: {verdict.state}. ", STATE_STYLES[verdict.state])
    text.append(" ".join(verdict.reasons))
    return text
