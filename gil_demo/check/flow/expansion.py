"""A macro's body with the arguments of one use, and where each part of it is from."""

import re

from gil_demo.check.grammar import HEAD
from gil_demo.check.source.macros import Macro


def expanded(
    macro: Macro, text: str, arguments: list[tuple[int, int]], site: int, most: int
) -> tuple[str, list[tuple[int, int, bool]]]:
    """Return a macro's body as a function's, with arguments, and where each part is from.

    The text is longer than ``most`` if there is more of it; it is not finished then.
    Braces that the body opens and does not close, or the other way round, are added.
    """
    parameters = list(macro.parameters or ())
    rest = (parameters and parameters[-1] in ("...", "args...")) or (
        parameters and parameters[-1].endswith("...")
    )
    names: dict[str, tuple[int, int]] = {}
    for index, parameter in enumerate(parameters):
        if index >= len(arguments):
            break
        if rest and index == len(parameters) - 1:
            names[parameter.removesuffix("...") or "__VA_ARGS__"] = (
                arguments[index][0],
                arguments[-1][1],
            )
        else:
            names[parameter] = arguments[index]
    opened, depth, lowest = 0, 0, 0
    for match in re.finditer(r"[{}]", macro.body):
        depth += 1 if match.group() == "{" else -1
        lowest = min(lowest, depth)
    opened = depth - lowest
    pieces = [HEAD, "{" * (1 - lowest)]
    size = len(HEAD) + 1 - lowest
    places: list[tuple[int, int, bool]] = [(0, site, False)]
    position = 0
    for match in re.finditer(r"(?:#{1,2}\s*)?\b([A-Za-z_]\w*)\b", macro.body):
        if size > most:
            break
        span = names.get(match[1])
        if span is None:
            continue
        before = macro.body[position : match.start()]
        inside = text[span[0] : span[1]]
        if match.group().startswith("#"):
            inside = '""' if not match.group().startswith("##") else match[1]
            moves = False
        else:
            moves = True
        pieces += [before, inside]
        size += len(before)
        places.append((size, span[0] if moves else site, moves))
        size += len(inside)
        places.append((size, site, False))
        position = match.end()
    pieces += [macro.body[position:], " ;", "}" * (opened + 1)]
    return "".join(pieces), places
