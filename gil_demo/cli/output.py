"""The one way out: what every command does with its result.

A command says which forms it offers, and makes a `Report`. The options that choose a form
and name files, the refusal of files that cannot be written, and the printing are here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import click
from click.core import ParameterSource

from gil_demo.errors import BadInput
from gil_demo.words import Theme

if TYPE_CHECKING:
    from gil_demo.report.kit.pictures import Pictures
    from gil_demo.report.kit.report import Drawing, Report

JSON = {"json": "Print one JSON document and nothing else."}
MARKDOWN = {"markdown": "Print Markdown, for an issue or a README, and nothing else."}

SHOWING = {
    "svg_file",
    "html_file",
    "theme",
    "slides",
    "from_file",
    "check",
    "expect",
    "fail_over",
    "quiet",
}
"""Parameters that say how to show a result; those of a command's own forms and files do, too."""

Command = Callable[..., int]
Decorator = Callable[[Command], Command]


class Output(NamedTuple):
    """The form that a person chose, and the files to write besides.

    `form` is the name of the text to print instead of what the screen shows, if any.
    """

    form: str | None
    files: Mapping[str, Path | None]
    pictures: "Pictures"
    slides: Path | None = None

    @property
    def wants_files(self) -> bool:
        """Whether anything is to be written to a file."""
        return bool(self.slides) or any((*self.files.values(), *self.pictures.files.values()))

    def begin(self, head: "Drawing") -> None:
        """Show what is known before the work, if the screen is what is asked for."""
        from gil_demo.report.kit.screen import screen

        if not self.form:
            screen().print(head)

    def write_files(self, report: "Report", title: str) -> None:
        """Write what was asked for besides the form; `title` stands above a picture.

        Each file that can be written is written. Raises BadInput, which names the others.
        """
        from gil_demo.files import Unwritable, write_whole

        texts = report.texts()
        made = {file: texts[name] for name, file in self.files.items() if file}
        made |= self.pictures.texts(report.screen(), title)
        problems = []
        for file, text in made.items():
            try:
                write_whole(file, text())
            except Unwritable as error:
                problems.append(str(error))
        if self.slides:
            self._write_slides(self.slides, report, title)
        if problems:
            raise BadInput("; ".join(problems))

    def _write_slides(self, folder: Path, report: "Report", title: str) -> None:
        from gil_demo.files import printable
        from gil_demo.report.kit.report import SlideReport
        from gil_demo.report.kit.screen import screen
        from gil_demo.report.kit.slides import write_deck

        assert isinstance(report, SlideReport)
        page, count = write_deck(folder, report.slides(), title, self.pictures.theme)
        if not self.form:
            console = screen()
            console.print(f"{count} slides: open {printable(page)} in a browser.", soft_wrap=True)
            console.print("Right and left turn them, F fills the screen.\n")

    def emit(self, report: "Report", title: str, rest: "Drawing | None" = None) -> None:
        """Write the files, then print the report in the form that was chosen.

        Args:
            report: What to show.
            title: What stands above a picture.
            rest: What the screen still lacks, where it shows a part of the report already.
        """
        from gil_demo.report.kit.screen import screen

        try:
            self.write_files(report, title)
        finally:  # what was measured is shown even where a file cannot be written
            if self.form:
                screen().raw(report.texts()[self.form]())
            else:
                screen().print(report.screen() if rest is None else rest, crop=False)


def output_options(
    forms: Mapping[str, str],
    files: Mapping[str, str] | None = None,
    *,
    pictures: bool = False,
    slides: bool = False,
    kept: bool = False,
    inputs: Sequence[str] = (),
) -> Decorator:
    """Give a command the options for its output; it gets one `output` for all of them.

    Two forms at once, and files that cannot be written, are refused before the command runs.

    Args:
        forms: Names of texts that can be printed instead, with the help of each.
        files: Names of texts that can be written to a file besides, and what each is.
        pictures: Whether what the screen shows can be written as a picture.
        slides: Whether the report is a `SlideReport`, to be written as slides.
        kept: Whether a result that was kept as JSON can be shown again. The command gets
            the file as `from_file`.
        inputs: Options that name files to read, which must not be written to.
    """
    files = files or {}
    inputs = [*inputs, "from"] if kept else inputs
    options: list[Decorator] = [_form_option(name, text) for name, text in forms.items()]
    options += [file_option(name, content) for name, content in files.items()]
    options += PICTURE_OPTIONS if pictures else []
    options += [SLIDES_OPTION] if slides else []
    options += [FROM_OPTION] if kept else []
    own = {*(f"as_{name}" for name in forms), *(f"{name}_file" for name in files), *SHOWING}

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_output(
            *,
            svg_file: Path | None = None,
            html_file: Path | None = None,
            theme: Theme = "auto",
            slides: Path | None = None,
            **given: object,
        ) -> int:
            from gil_demo.files import refuse_folder, refuse_outputs
            from gil_demo.report.kit.pictures import Pictures

            if given.get("from_file"):
                refuse_all_but(own)
            chosen = {name: bool(given.pop(f"as_{name}")) for name in forms}
            refuse_together(**chosen)
            written = {name: _path(given.pop(f"{name}_file")) for name in files}
            drawn = Pictures(svg_file, html_file, theme)
            outputs = {**{f"--{name}": file for name, file in written.items()}, **drawn.files}
            refuse_outputs(outputs, {f"--{name}": _path(given[f"{name}_file"]) for name in inputs})
            if slides:
                refuse_folder(slides)
            form = next((name for name in forms if chosen[name]), None)
            return command(output=Output(form, written, drawn, slides), **given)

        for option in reversed(options):
            option(with_output)
        return with_output

    return decorate


def refuse_together(**chosen: bool) -> None:
    """Refuse, as a usage error, more than one of these flags, given by their names."""
    given = [f"--{name}" for name, was_given in chosen.items() if was_given]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude each other")


def refuse_all_but(shown: Collection[str]) -> None:
    """Refuse what was given and says how to get a result, where a kept one is to be shown."""
    context = click.get_current_context()
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in shown and context.params[name] != ():
            option = max(parameter.opts, key=len) if parameter.opts[0] != name else name.upper()
            raise click.UsageError(
                f"{option} says how to get a result, and --from shows one that was kept:"
                " leave out one of them"
            )


def _path(given: object) -> Path | None:
    return given if isinstance(given, Path) else None


def _form_option(name: str, text: str) -> Decorator:
    return click.option(f"--{name}", f"as_{name}", is_flag=True, help=text)


def file_option(name: str, content: str) -> Decorator:
    """Make the option that names a file to write."""
    return click.option(
        f"--{name}",
        f"{name}_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Also write {content} to this file.",
    )


FROM_OPTION: Decorator = click.option(
    "--from",
    "from_file",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Show a result that --json printed before, and run nothing; - reads standard input.",
)

PICTURE_OPTIONS: list[Decorator] = [
    file_option("svg", "the output of the screen, as an SVG,"),
    file_option("html", "the output of the screen, as a web page,"),
    click.option(
        "--theme",
        type=click.Choice(get_args(Theme)),
        default="auto",
        show_default=True,
        help="Colours of pictures and slides; auto: as the reader's system is set.",
    ),
]

SLIDES_OPTION: Decorator = click.option(
    "--slides",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Also write slides to this folder, as SVG files and as one web page.",
)
