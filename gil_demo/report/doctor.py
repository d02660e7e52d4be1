"""An examination as a table, and below it what follows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gil_demo import notation
from gil_demo.files import printable
from gil_demo.report.document import doctor_document, json_text
from gil_demo.report.kit.report import Texts
from gil_demo.results.host import Examination, Import


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
        + ("" if busy is None else f", {notation.percent(busy)} taken by others"),
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
    return Group(table, Text(), _listed(examination.advice), *_imports(examination))


def _listed(sentences: Iterable[str]) -> RenderableType:
    """Draw a list in which a sentence that goes on below stays behind its dash."""
    items = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        items.add_row("-", Text(sentence))
    return items


def _imports(examination: Examination) -> Iterator[RenderableType]:
    """Yield a table of the modules that were asked about, and what follows."""
    if not examination.imports:
        return
    free_threaded = examination.environment.free_threaded
    table = Table.grid(padding=(0, 2))
    for one in examination.imports:
        table.add_row(Text(one.module, style="bold"), Text(import_told(one, free_threaded)))
    where = ", where PYTHON_GIL is not set" if free_threaded else ""
    yield from (Text(), Text(f"Each module, imported in a process of its own{where}:"), table)
    if advice := tuple(_import_advice(examination.imports, free_threaded)):
        yield from (Text(), _listed(advice))


def _import_advice(imports: Iterable[Import], free_threaded: bool) -> Iterator[str]:
    """Yield what follows from the imports, a sentence or two each."""
    if any((one.error or "").startswith("ModuleNotFoundError") for one in imports):
        yield (
            "A module is looked for in the current folder, in the folders of PYTHONPATH, and"
            " among the packages that are installed for this Python."
        )
    if not free_threaded:
        yield "This build of Python always has a GIL: no module can turn it on."
    elif any(one.turned_gil_on for one in imports):
        yield (
            "A C module keeps the GIL off by declaring that it needs none: the slot Py_mod_gil,"
            " or PyUnstable_Module_SetGIL. PYTHON_GIL=0 keeps it off all the same: for a test,"
            " since that module may not be safe then."
        )


def import_told(one: Import, free_threaded: bool) -> str:
    """Say in a line how an import went, and of the GIL only what the import shows of it."""
    ends = {
        "imported": "imported",
        "raised": f"not imported: {printable(one.error or '')}",
        "died": f"not imported: {one.signal or ''} ended the process"
        + (f" ({printable(one.error)})" if one.error else ""),
        "left": f"not imported: the process ended with exit code {one.exit_code}",
        "unfinished": "not imported: stopped, because it took too long",
    }
    end = ends[one.ended]
    if free_threaded and one.turned_gil_on:
        other = one.turned_on_by not in (None, one.module)
        return f"{end}; it turned the GIL on in its process" + (
            f", to load {one.turned_on_by}" if other else ""
        )
    if free_threaded and one.ended == "imported":
        return f"{end}; it did not turn the GIL on"
    return end
