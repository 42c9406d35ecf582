"""Promotions as a table: one line for each way, shipgate beside docker."""

from collections.abc import Sequence
from statistics import median

from promotion import LAYERS, WAYS, Promotion, Way
from report import MIB, table, targets

# The goals, from the project's targets.
FASTER = 5.0
PEAK = 64 * MIB


def report_promotions(found: Sequence[Promotion], size: int, profile: str) -> str:
    rounds = sum(it.tool == "shipgate" and it.way == WAYS[0] for it in found)
    heads = ["", "shipgate", "docker pull, tag, push", "written there by shipgate", "by docker", "peak of shipgate"]
    return "\n\n".join([
        f"Promotion of an image of {size // MIB} MiB in {LAYERS} layers, medians of {rounds} ({profile} build)",
        table(heads, [line(found, way) for way in WAYS]),
        targets(goals(found, size)),
    ])


def of(found: Sequence[Promotion], way: Way, tool: str) -> list[Promotion]:
    return [it for it in found if it.way == way and it.tool == tool]


def seconds(found: Sequence[Promotion]) -> float:
    return median(it.seconds for it in found)


def written(found: Sequence[Promotion]) -> float:
    return median(it.written for it in found) / MIB


def line(found: Sequence[Promotion], way: Way) -> list[str]:
    ours, theirs = of(found, way, "shipgate"), of(found, way, "docker")
    cells = [way.about, f"{seconds(ours):.2f} s", "-", f"{written(ours):.1f} MiB", "-"]
    if theirs:
        cells[2] = f"{seconds(theirs):.2f} s ({seconds(theirs) / seconds(ours):.1f}x)"
        cells[4] = f"{written(theirs):.1f} MiB"
    return [*cells, f"{max(it.cost.peak for it in ours) / MIB:.1f} MiB"]


def goals(found: Sequence[Promotion], size: int) -> list[tuple[str, str, bool]]:
    judged = []
    for way in WAYS:
        ours, theirs = of(found, way, "shipgate"), of(found, way, "docker")
        # A manifest, a configuration and answers are written, too.
        most = size / MIB * 1.02 if way.name == "across" else 1.0
        judged.append((f"{way.about}: at most {most:.0f} MiB written", f"{written(ours):.1f} MiB", written(ours) <= most))
        if theirs:
            ratio = seconds(theirs) / seconds(ours)
            judged.append((f"{way.about}: {FASTER:.0f} times as fast as docker", f"{ratio:.1f}x", ratio >= FASTER))
    peak = max(it.cost.peak for it in found if it.tool == "shipgate")
    judged.append((f"peak at most {PEAK // MIB} MiB", f"{peak / MIB:.1f} MiB", peak <= PEAK))
    return judged
