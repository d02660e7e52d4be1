"""Writes figures: the one place that says how a spread, a time, a share or a ratio looks."""

from gil_demo.results.numbers import Range, Spread

MIN_WITHOUT_DIGITS = 100
"""From this value on, digits after the point add width and no knowledge."""

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def spread(values: Spread, digits: int, unit: str = "", factor: float = 1) -> str:
    """Write a median and, where they differ, its ends: ``1.94x (1.50-1.99)``.

    Args:
        values: What to write, after each is multiplied by `factor`.
        digits: The digits after the point; none if a value is `MIN_WITHOUT_DIGITS` or more.
        unit: What stands right behind the median.
        factor: 1e3 turns seconds into milliseconds.
    """
    scaled = Spread(values.median * factor, values.low * factor, values.high * factor)
    digits = digits if scaled.high < MIN_WITHOUT_DIGITS else 0
    middle, ends = f"{scaled.median:.{digits}f}{unit}", interval(scaled, digits)
    return f"{middle} ({ends})" if ends else middle


def interval(values: Spread, digits: int) -> str:
    """Write the lowest and the highest value, or nothing where they look the same."""
    low, high = f"{values.low:.{digits}f}", f"{values.high:.{digits}f}"
    return "" if low == high else f"{low}-{high}"


def ends(values: Spread, digits: int) -> str:
    """Write the lowest and the highest value for a sentence: ``4.5 to 11.0``."""
    return f"{values.low:,.{digits}f} to {values.high:,.{digits}f}"


def times(values: Spread) -> str:
    """Write how many times as much, for a sentence: ``6.0 times (4.5 to 11.0)``."""
    middle, low, high = (
        f"{value:,.{1 if value >= 1 else 2}f}" for value in (values.median, values.low, values.high)
    )
    return f"{middle} times ({low} to {high})"


def count(number: int, noun: str, plural: str = "") -> str:
    """Write a number of things: ``1 pass``, ``2,000 passes``; by default the plural has an s."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def count_range(counts: Range) -> str:
    """Write the smallest and the largest count, or the one that they are: ``1-2``."""
    return str(counts.min) if counts.min == counts.max else f"{counts.min}-{counts.max}"


def milliseconds(seconds: float, digits: int = 0) -> str:
    """Write a time in milliseconds: ``30 ms``."""
    return f"{in_milliseconds(seconds, digits)} ms"


def in_milliseconds(seconds: float, digits: int = 1) -> str:
    """Write a time under a header that names the unit, which is a millisecond: ``30.5``."""
    return f"{seconds * 1e3:.{digits}f}"


def duration(seconds: float) -> str:
    """Write a time with about three figures, in the unit that suits it: ``31.2 ms``, ``0 s``."""
    for size, unit in UNITS:
        value = seconds / size
        if value >= 0.9995:
            return f"{_three_figures(value)} {unit}"
    return "0 s"


def _three_figures(value: float) -> str:
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def percent(part: float) -> str:
    """Write a share from 0 to 1 in whole hundredths: ``12%``."""
    return f"{part:.0%}"


def share(part: float) -> str:
    """Write a share from 0 to 1 so that one which is not quite nothing or all looks so.

    ``0%``, ``<0.1%``, ``12.4%``, ``>99.9%``, ``100%``.
    """
    hundredths = part * 100
    if 0 < hundredths < 0.05:
        return "<0.1%"
    if 99.95 <= hundredths < 100:
        return ">99.9%"
    return percent(part) if part in (0, 1) else f"{hundredths:.1f}%"


def ratio(times: float) -> str:
    """Write how many times as much: ``1.94x``."""
    return f"{times:.2f}x"
