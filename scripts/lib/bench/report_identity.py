"""Starts as a table: shipgate beside the SDK's own chain."""

from collections.abc import Sequence
from statistics import median

from identity import DELAY, Start
from report import table, targets

# The goal, from the project's targets.
MORE = 2


def report_starts(found: Sequence[Start], profile: str) -> str:
    tools = list(dict.fromkeys(it.tool for it in found))
    rows = [line(tool, [it for it in found if it.tool == tool]) for tool in tools]
    rounds = sum(it.tool == "shipgate" for it in found)
    title = f"To the first signed call, each request {DELAY * 1000:.0f} ms longer, medians of {rounds} ({profile} build)"
    heads = ["", "seconds", "requests before it"]
    return "\n\n".join([title, table(heads, rows), targets(goals(found))])


def line(tool: str, of: Sequence[Start]) -> list[str]:
    return [tool, f"{median(it.seconds for it in of):.2f} s", f"{median(it.before for it in of):.0f}"]


def goals(found: Sequence[Start]) -> list[tuple[str, str, bool]]:
    ours = median(it.before for it in found if it.tool == "shipgate")
    theirs = [it.before for it in found if it.tool != "shipgate"]
    if not theirs:
        return []
    more = ours - median(theirs)
    return [(f"at most {MORE} round trips more than the SDK's own chain", f"{more:.0f} more", more <= MORE)]
