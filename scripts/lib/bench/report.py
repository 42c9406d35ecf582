"""Any experiment's samples as text: medians with their ratio to the first subject's, calls, and goals."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import NamedTuple

from measure import Sample


class Goal(NamedTuple):
    text: str
    measured: str
    reached: bool


class Found:
    """The samples of one experiment, shipgate's first: the others are compared with it."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.samples = sorted(samples, key=lambda it: it.subject != "shipgate")
        self.subjects = list(dict.fromkeys(it.subject for it in self.samples))

    def all(self, row: str, subject: str = "shipgate") -> list[float]:
        return [it.figures[row] for it in self.samples if it.subject == subject and row in it.figures]

    def __call__(self, row: str, subject: str = "shipgate", by: Callable[[Sequence[float]], float] = median) -> float:
        return by(self.all(row, subject))

    def cells(self, row: str) -> list[str]:
        base, texts = self(row), []
        for subject in self.subjects:
            value = median(self.all(row, subject) or [0])
            # A ratio to nothing, or to less than nothing, says nothing.
            ratio = f" ({value / base:.1f}x)" if subject != "shipgate" and base > 0 and value > 0 else ""
            texts.append(number(value) + ratio if self.all(row, subject) else "-")
        return texts

    def operations(self) -> list[list[str]]:
        """The calls of each subject's last run that has any."""
        last = {it.subject: it.calls.values() for it in self.samples if any(it.calls.values())}
        counters = [sum(map(Counter, last.get(subject, ())), Counter()) for subject in self.subjects]
        names = sorted(set().union(*counters))
        return [[f"    {name}", *(str(counter[name] or "-") for counter in counters)] for name in names]


def number(value: float) -> str:
    """Three digits that say something, or all of those before the point."""
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def at_most(text: str, value: float, limit: float, unit: str = "", also: str = "") -> Goal:
    return Goal(f"{text}: at most {number(limit)}{unit}", f"{number(value)}{unit}{also}", value <= limit)


def report(title: str, rows: Sequence[str], found: Found, goals: Iterable[Goal]) -> str:
    figures = [["", *found.subjects], *([row, *found.cells(row)] for row in rows), *found.operations()]
    judged = [(*goal[:2], "yes" if goal.reached else "no") for goal in goals]
    return "\n\n".join([title, table(figures), table([("goal", "measured", "reached"), *judged])])


def table(lines: Sequence[Sequence[str]]) -> str:
    first, *widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = []
    for title, *cells in lines:
        right = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
        texts.append("  ".join([title.ljust(first), *right]).rstrip())
    return "\n".join(texts)
