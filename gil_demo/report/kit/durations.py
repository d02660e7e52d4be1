"""How times and shares are written: three figures, and the unit that suits them."""

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def duration(seconds: float) -> str:
    """Write a time with about three figures: 1.25 s, 31.2 ms, 480 µs, 0 s."""
    for size, unit in UNITS:
        value = seconds / size
        if value >= 0.9995:
            return f"{_three_figures(value)} {unit}"
    return "0 s"


def share(part: float) -> str:
    """Write a share of a whole in percent; one that is not quite nothing or all looks so."""
    percent = part * 100
    if 0 < percent < 0.05:
        return "<0.1%"
    if 99.95 <= percent < 100:
        return ">99.9%"
    return f"{percent:.0f}%" if percent in (0, 100) else f"{percent:.1f}%"


def _three_figures(value: float) -> str:
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
