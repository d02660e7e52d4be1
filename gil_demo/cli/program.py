"""The program that a command runs: SCRIPT, -m MODULE or -c CODE, as one gives it to Python."""

import contextlib
from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING

import click
from click.globals import pop_context, push_context

if TYPE_CHECKING:
    from gil_demo.host.launch import Program


class ProgramCommand(click.Command):
    """A command whose options end where the program begins: the rest is the program's."""

    allow_interspersed_args = False

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, with a ``--`` put behind the program's name if it is a module or code."""
        end = self._end_of_options(ctx, args)
        return super().parse_args(ctx, [*args[:end], "--", *args[end:]] if end else args)

    def _end_of_options(self, ctx: click.Context, args: list[str]) -> int | None:
        """Find where the arguments of ``-m MODULE`` or ``-c CODE`` begin; None without them."""
        takes_value = {
            name: not option.is_flag and not option.count
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for name in option.opts
        }
        at = 0
        while at < len(args) and args[at].startswith("-") and args[at] not in ("-", "--"):
            if args[at] in ("-m", "-c"):
                return min(at + 2, len(args))
            if args[at][:2] in ("-m", "-c"):
                return at + 1
            at += 1 + takes_value.get(args[at], False)
        return None


def program_argument(command: Callable[..., int]) -> Callable[..., int]:
    """Give a `ProgramCommand` its `program`, from SCRIPT, -m or -c.

    It is None where the command has --from, and that was given: nothing is run then.
    """

    @click.option("-m", "module", metavar="MODULE", help="Run a module, as 'python -m' does.")
    @click.option("-c", "code", metavar="CODE", help="Run this code, as 'python -c' does.")
    @click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[SCRIPT] [ARGS]...")
    @wraps(command)
    def with_program(
        *, module: str | None, code: str | None, words: tuple[str, ...], **rest: object
    ) -> int:
        if module is not None and code is not None:
            raise click.UsageError("-m and -c exclude each other")
        program = _program(module, code, words)
        if program is None and not rest.get("from_file"):
            raise click.UsageError("give a script to run, or -m MODULE, or -c CODE")
        if program is None:
            return command(program=None, **rest)
        if rest.get("from_file"):
            raise click.UsageError("--from shows what was kept, and runs no program: leave one out")
        with _own_contexts_hidden():
            return command(program=program, **rest)

    return with_program


def _program(module: str | None, code: str | None, words: tuple[str, ...]) -> "Program | None":
    """Return the program that the options and words name, if they name one."""
    from gil_demo.host.launch import Program

    if module is not None:
        return Program("module", module, words)
    if code is not None:
        return Program("code", code, words)
    return Program("script", words[0], words[1:]) if words else None


@contextlib.contextmanager
def _own_contexts_hidden() -> Iterator[None]:
    """Hide from the program, which may use click itself, that a click command runs it."""
    hidden = []
    while (context := click.get_current_context(silent=True)) is not None:
        hidden.append(context)
        pop_context()
    try:
        yield
    finally:
        for context in reversed(hidden):
            push_context(context)
