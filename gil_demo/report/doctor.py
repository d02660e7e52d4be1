"""An examination as a table, and below it what follows."""

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gil_demo import notation
from gil_demo.report.document import doctor_document, json_text
from gil_demo.report.kit.report import Texts
from gil_demo.results.host import Examination


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """An examination in every form."""

    examination: Examination

    def screen(self) -> RenderableType:
        """Return the table and the advice."""
        return doctor_table(self.examination)

    def texts(self) -> Texts:
        """Return what makes each text, by the option that asks for it."""
        return {"json": lambda: json_text(doctor_document(self.examination))}


def doctor_table(examination: Examination) -> RenderableType:
    """List machine, interpreter and build, a line each, and the advice in sentences."""
    environment = examination.environment
    busy, free = environment.machine_busy, examination.available_bytes
    facts = {
        "interpreter": f"{environment.implementation} {environment.python}",
        "GIL": f"{'on' if environment.gil_enabled else 'off'}, in a build"
        f" {'that can do without' if environment.free_threaded else 'that always has one'};"
        f" switch interval {examination.switch_interval_seconds * 1e3:g} ms",
        "cores": f"{environment.cores} for this process"
        + ("" if busy is None else f", {notation.share(busy)} taken by others"),
        "memory": "unknown" if free is None else f"{free / 1e9:.1f} GB available",
        "NumPy": environment.numpy,
        "platform": environment.platform,
        "C modules": f"built by {examination.built_by}" if examination.built_by else "not built",
        "compiler": examination.compiler or "none found (only building needs one)",
        "headers": "found"
        if examination.python_headers
        else "no Python.h (only building needs it)",
    }
    table = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        table.add_row(Text(name, style="bold"), fact)
    return Group(table, Text(), *(Text(f"- {sentence}") for sentence in examination.advice))
