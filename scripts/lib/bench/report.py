"""The figures as tables for people: medians, ratios to shipgate, and what was to be reached."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from scenarios import Deploy, Rollout

MIB = 1024 * 1024
# The goals, from the project's targets.
LATENESS = 0.5
CPU = 0.1
PEAK = 30 * MIB


@dataclass(frozen=True)
class Row:
    title: str
    values: list[float]
    unit: str = ""
    digits: int = 2

    def cells(self) -> list[str]:
        """The first value is shipgate's, the others come with their ratio to it."""
        first = self.values[0]
        cells = []
        for index, value in enumerate(self.values):
            text = f"{value:.{self.digits}f}{self.unit}"
            # A ratio to nothing, or to less than nothing, says nothing.
            if index and value > 0 and first >= 10**-self.digits:
                text += f" ({value / first:.1f}x)"
            cells.append(text)
        return cells


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    everything = [heads, *lines]
    widths = [max(len(line[column]) for line in everything) for column in range(len(heads))]
    rows = []
    for line in everything:
        first, *others = [cell.ljust(width) if not column else cell.rjust(width)
                          for column, (cell, width) in enumerate(zip(line, widths, strict=True))]
        rows.append("  ".join([first, *others]).rstrip())
    return "\n".join(rows)


def by_tool(found: Sequence[Deploy]) -> dict[str, list[Deploy]]:
    groups: dict[str, list[Deploy]] = {}
    for deploy in found:
        groups.setdefault(deploy.tool, []).append(deploy)
    return groups


def operations(title: str, counters: Sequence[Counter[str]]) -> list[list[str]]:
    names = sorted(set().union(*counters))
    return [[f"{title}{name}", *(str(counter[name] or "-") for counter in counters)] for name in names]


# --- deploys ----------------------------------------------------------------------------------------


def report_deploys(found: Sequence[Deploy], profile: str) -> str:
    groups = by_tool(found)
    rounds = len(next(iter(groups.values())))

    def row(title: str, value: Callable[[Deploy], float], unit: str = "", digits: int = 2) -> list[str]:
        medians = [median(map(value, deploys)) for deploys in groups.values()]
        return [title, *Row(title, medians, unit, digits).cells()]

    lines = [
        row("end after ECS was done", lambda deploy: deploy.lateness, " s"),
        row("end after COMPLETED", lambda deploy: deploy.lateness_completed, " s"),
        row("whole run", lambda deploy: deploy.cost.ended - deploy.cost.began, " s"),
        row("CPU", lambda deploy: deploy.cost.cpu, " s", 3),
        row("peak memory", lambda deploy: deploy.cost.peak / MIB, " MiB", 1),
        row("AWS calls", lambda deploy: deploy.calls.all.total(), "", 0),
        row("  until UpdateService", lambda deploy: deploy.calls.setting_up.total(), "", 0),
        row("  after it", lambda deploy: (deploy.calls.waiting + deploy.calls.closing).total(), "", 0),
    ]
    lines += operations("    ", [deploys[-1].calls.all for deploys in groups.values()])
    return "\n\n".join([
        f"One deploy of a pushed image, medians of {rounds} (ratio to shipgate; {profile} build)",
        table(["", *groups], lines),
        targets(deploy_targets(groups["shipgate"])),
    ])


def deploy_targets(deploys: Sequence[Deploy]) -> list[tuple[str, str, bool]]:
    late = [deploy.lateness for deploy in deploys]
    cpu = median(deploy.cost.cpu for deploy in deploys)
    peak = median(deploy.cost.peak for deploy in deploys)
    punctual = sum(deploy.lateness_completed <= deploy.calls.last_pause for deploy in deploys)
    middle, worst = median(late), max(late)
    return [
        (f"end at most {LATENESS} s after ECS", f"{middle:.2f} s (worst {worst:.2f})", middle <= LATENESS),
        ("end within one pause between looks", f"{punctual} of {len(deploys)}", punctual == len(deploys)),
        (f"CPU at most {CPU} s", f"{cpu:.3f} s", cpu <= CPU),
        (f"peak at most {PEAK // MIB} MiB", f"{peak / MIB:.1f} MiB", peak <= PEAK),
    ]


def targets(judged: Iterable[tuple[str, str, bool]]) -> str:
    lines = [[goal, measured, "yes" if reached else "no"] for goal, measured, reached in judged]
    return table(["goal", "measured", "reached"], lines)


# --- rollouts ---------------------------------------------------------------------------------------


def report_rollouts(found: Sequence[Rollout], profile: str) -> str:
    def row(title: str, value: Callable[[Rollout], float], unit: str = "", digits: int = 2) -> list[str]:
        return [title, *Row(title, [value(rollout) for rollout in found], unit, digits).cells()]

    lines = [
        row("AWS calls", lambda rollout: rollout.calls.all.total(), "", 0),
        row("  until UpdateService", lambda rollout: rollout.calls.setting_up.total(), "", 0),
        row("  while waiting", lambda rollout: rollout.calls.waiting.total(), "", 0),
        row("  while waiting, per minute", lambda rollout: rollout.per_minute, "", 1),
        row("  after the rollout", lambda rollout: rollout.calls.closing.total(), "", 0),
        row("end after the rollout", lambda rollout: rollout.lateness, " s"),
        # Where in that pause it ended is chance (180 s are just twelve of the AWS CLI's): expect half of it.
        row("  pause in which it ended", lambda rollout: rollout.calls.last_pause, " s", 1),
        row("  longest pause", lambda rollout: rollout.calls.longest_pause, " s", 1),
        row("CPU", lambda rollout: rollout.cost.cpu, " s", 3),
        row("peak memory", lambda rollout: rollout.cost.peak / MIB, " MiB", 1),
    ]
    lines += operations("    ", [rollout.calls.all for rollout in found])
    seconds = found[0].seconds
    return "\n\n".join([
        f"A rollout of {seconds:.0f} s (ratio to the first column; {profile} build)\n"
        "shipgate-new: its first deploy of a service, where ECS does not tell how long the last rollout took",
        table(["", *(rollout.name for rollout in found)], lines),
        targets(rollout_targets(found)),
    ])


def rollout_targets(found: Sequence[Rollout]) -> list[tuple[str, str, bool]]:
    peers = [rollout for rollout in found if rollout.tool != "shipgate"]
    return [goal for rollout in found if rollout.tool == "shipgate" for goal in goals_of_rollout(rollout, peers)]


def goals_of_rollout(ours: Rollout, peers: Sequence[Rollout]) -> list[tuple[str, str, bool]]:
    late, pause = ours.lateness, ours.calls.last_pause
    total = ours.calls.all.total()
    goals = [
        (f"{ours.name}: end at most {LATENESS} s after ECS", f"{late:.2f} s", late <= LATENESS),
        (f"{ours.name}: end within one pause between looks", f"{late:.2f} s, pause {pause:.2f} s", late <= pause),
    ]
    for peer in peers:
        measured = f"{ours.per_minute:.1f} to {peer.per_minute:.1f}"
        fewer = ours.per_minute <= peer.per_minute
        goals.append((f"{ours.name}: calls per minute of waiting, no more than {peer.name}", measured, fewer))
        others = peer.calls.all.total()
        goals.append((f"{ours.name}: calls in all, no more than {peer.name}", f"{total} to {others}", total <= others))
    return goals
