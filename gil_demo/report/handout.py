"""The lesson on one sheet of paper: the questions and the answers to choose from, no solutions."""

from collections.abc import Iterator, Sequence
from html import escape

from gil_demo.report.kit.web_page import web_page
from gil_demo.tour.step import Step

TITLE = "gil-demo: what happens?"

STYLES = """\
@page { size: A4; margin: 12mm }
body { max-width: 186mm; margin: 0 auto; font: 9pt/1.22 'DejaVu Sans', Arial, sans-serif }
h1 { font-size: 12pt; margin: 0 }
header p { margin: 1mm 0 2mm }
main { columns: 2; column-gap: 8mm }
section { break-inside: avoid; margin-bottom: 2.5mm }
h2 { font-size: 9pt; margin: 0 }
p, ul, pre { margin: 0.7mm 0 }
pre { font: 7pt/1.2 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre-wrap }
ul { padding: 0; list-style: none }
li { padding-left: 1.7em; text-indent: -1.7em }"""

BODY = """\
<header>
<h1>May my C code touch a NumPy array while the GIL is released?</h1>
<p>Name: ____________________ &nbsp; Mark what you predict, before the run decides.</p>
</header>
<main>
{steps}
</main>"""


def handout(steps: Sequence[Step]) -> str:
    """Make a web page that prints on one A4 sheet and needs nothing else."""
    parts = "\n".join(part for step in steps for part in _step(step))
    return web_page(TITLE, STYLES, BODY.format(steps=parts))


def _step(step: Step) -> Iterator[str]:
    yield f"<section>\n<h2>{step.number}. {escape(step.title)}</h2>"
    if step.code:
        code = "\n".join(line.text for line in step.code().lines)
        yield f"<pre>{escape(code)}</pre>"
    yield f"<p>{escape(step.question)}</p>\n<ul>"
    yield from (f"<li>\N{BALLOT BOX} {escape(answer)}</li>" for answer in step.answers)
    yield "</ul>\n</section>"
