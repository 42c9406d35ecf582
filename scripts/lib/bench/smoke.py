"""Whether a report has the shape that people and scripts expect. What was measured is not judged."""

import json
import re
from collections.abc import Sequence

# The rows of each table that are always there. More is fine: the operations that were called, for example.
ROWS = {
    "deploy": [
        "end after ECS was done",
        "end after COMPLETED",
        "whole run",
        "CPU",
        "peak memory",
        "AWS calls",
        "until UpdateService",
        "after it",
        "ecs:UpdateService",
    ],
    "rollout": [
        "AWS calls",
        "until UpdateService",
        "while waiting",
        "while waiting, per minute",
        "after the rollout",
        "end after the rollout",
        "CPU",
        "peak memory",
        "ecs:UpdateService",
    ],
    "promotion": ["in the same repository", "to another repository of the registry", "to another registry"],
    "identity": ["shipgate"],
}


def check(mode: str, text: str, found: Sequence[object]) -> None:
    """Ends the program with what is wrong with a report, if anything is."""
    problems = list(problems_of(mode, text, found))
    if problems:
        raise SystemExit("\n".join(f"error: the report of {mode}: {problem}" for problem in problems))


def problems_of(mode: str, text: str, found: Sequence[object]) -> list[str]:
    parts = text.split("\n\n")
    if len(parts) != 3:
        return [f"it has {len(parts)} parts, not a title, figures and goals"]
    heads, *lines = [cells(line) for line in parts[1].splitlines()]
    goals = [cells(line) for line in parts[2].splitlines()]
    rows = {line[0]: line[1:] for line in lines}
    problems = [f"there is no row `{name}`" for name in ROWS[mode] if name not in rows]
    for name, row in rows.items():
        if len(row) != len(heads) or not all(cell == "-" or re.search(r"\d", cell) for cell in row):
            problems.append(f"row `{name}` has {row} under {heads}")
    if goals[0] != ["goal", "measured", "reached"]:
        problems.append(f"the goals begin with {goals[0]}")
    problems += [f"goal {goal} is neither reached nor not" for goal in goals[1:] if goal[-1] not in ("yes", "no")]
    if not json.loads(json.dumps(found, default=vars)):
        problems.append("there is not one figure in its JSON")
    return problems


def cells(line: str) -> list[str]:
    return re.split(r" {2,}", line.strip())
