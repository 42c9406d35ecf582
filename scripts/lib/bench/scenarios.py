"""The two scenarios, and what is measured in them."""

import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from observer import Observer
from proxy import Call, Hold, Lane, Proxy
from scene import CLUSTER, Release, Scene
from tools import Command, Cost, Tool, ToolFailed, run, stop_all

SERVICE = "bench-web"
LOOK = "ecs:DescribeServices"
UPDATE = "ecs:UpdateService"
# How long a tool may take beyond what its rollout needs.
LIMIT = 300
# The last rollout of a service did not take exactly as long as this one: a tool that plans its looks by
# the last one would look at the very moment that this one ends.
LAST = 0.87


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# --- the calls of one deploy ------------------------------------------------------------------------


@dataclass(frozen=True)
class Calls:
    """AWS calls by operation: until the service was updated (with that), until it was done, afterwards."""

    setting_up: Counter[str]
    waiting: Counter[str]
    closing: Counter[str]
    # Seconds between looks while waiting: the last pause, and the longest.
    last_pause: float
    longest_pause: float

    @property
    def all(self) -> Counter[str]:
        return self.setting_up + self.waiting + self.closing


def sort_calls(calls: Sequence[Call], done: float) -> Calls:
    updates = [call.at for call in calls if call.operation == UPDATE]
    if not updates:
        raise ToolFailed(f"it never called {UPDATE} through the proxy")
    updated = updates[-1]
    looks = [updated, *(call.at for call in calls if call.operation == LOOK and call.at > updated)]
    pauses = [later - earlier for earlier, later in pairwise(looks)] or [0.0]
    # The look that sees the end comes after it.
    first_after = next((index for index, at in enumerate(looks) if at > done), len(looks) - 1)
    return Calls(
        Counter(call.operation for call in calls if call.at <= updated),
        Counter(call.operation for call in calls if updated < call.at <= done),
        Counter(call.operation for call in calls if call.at > max(done, updated)),
        last_pause=pauses[max(first_after - 1, 0)],
        longest_pause=max(pauses),
    )


# --- a deploy as fast as it goes --------------------------------------------------------------------


@dataclass(frozen=True)
class Deploy:
    tool: str
    cost: Cost
    calls: Calls
    # When ECS called our deployment COMPLETED, and when the old one was gone, too.
    completed: float
    alone: float

    @property
    def lateness(self) -> float:
        return self.cost.ended - self.alone

    @property
    def lateness_completed(self) -> float:
        return self.cost.ended - self.completed


def deploys(
    scene: Scene, proxy: Proxy, tools: Sequence[Tool], releases: Sequence[Release], rounds: int
) -> list[Deploy]:
    """Every tool deploys the same service in turn; a turn is two deploys, of which the second counts.

    The first brings the service to where the tool itself leaves it, as in daily use: shipgate, for
    example, looks for its own last revision when somebody else's is live.
    """
    settling, measured = releases
    scene.make_service(SERVICE, measured)
    lanes = {tool.name: proxy.open(tool.name) for tool in tools}
    found = []
    for number in range(1, rounds + 1):
        for tool in tools:
            deploy(scene, lanes[tool.name], tool, settling)
            last = deploy(scene, lanes[tool.name], tool, measured)
            found.append(last)
            seen = f"ended {last.lateness:+.2f} s after ECS, with {last.cost.cpu:.2f} s of CPU"
            say(f"round {number} of {rounds}: {tool.name} {seen}")
    return found


def deploy(scene: Scene, lane: Lane, tool: Tool, release: Release) -> Deploy:
    command = tool.command(scene, SERVICE, release, LIMIT)
    lane.forget()
    observer = Observer(scene.address, CLUSTER, SERVICE)
    try:
        cost = run_tool(scene, lane, tool, command, LIMIT)
        observer.wait(LIMIT)
    finally:
        observer.stop()
    assert observer.completed is not None and observer.alone is not None
    return Deploy(tool.name, cost, sort_calls(lane.calls, observer.completed), observer.completed, observer.alone)


def run_tool(scene: Scene, lane: Lane, tool: Tool, command: Command, limit: float) -> Cost:
    environment = {**scene.variables, "AWS_ENDPOINT_URL": lane.endpoint}
    try:
        return run(command, environment, log_of(scene, lane), limit)
    except ToolFailed as error:
        raise ToolFailed(f"{tool.name}: {error}") from error


def log_of(scene: Scene, lane: Lane) -> Path:
    return scene.directory / f"{lane.name}.log"


# --- a rollout that takes minutes -------------------------------------------------------------------


@dataclass(frozen=True)
class Rollout:
    name: str
    tool: str
    seconds: float
    cost: Cost
    calls: Calls
    done: float

    @property
    def lateness(self) -> float:
        return self.cost.ended - self.done

    @property
    def per_minute(self) -> float:
        return self.calls.waiting.total() / (self.seconds / 60)


@dataclass(frozen=True)
class Entry:
    """A tool with a service of its own."""

    name: str
    tool: Tool
    lane: Lane
    hold: Hold
    # Whether the tool has deployed this service before.
    settled: bool

    @property
    def service(self) -> str:
        return f"bench-{self.name}"


def rollouts(
    scene: Scene, proxy: Proxy, tools: Sequence[Tool], releases: Sequence[Release], seconds: float
) -> list[Rollout]:
    """All tools at the same time, each with a service of its own whose rollouts seem to take `seconds`.

    As in the other scenario every tool deploys twice, and the second time counts.
    """
    entries = entries_of(proxy, tools, seconds)
    settling, measured = releases
    for entry in entries:
        scene.make_service(entry.service, measured if entry.settled else settling)
    at_the_same_time(scene, [entry for entry in entries if entry.settled], settling)
    for entry in entries:
        entry.lane.forget()
        entry.lane.hold = entry.hold
    say(f"{len(entries)} rollouts of {seconds:.0f} s at the same time")
    costs = at_the_same_time(scene, entries, measured)
    return [judge(entry, cost) for entry, cost in zip(entries, costs, strict=True)]


def entries_of(proxy: Proxy, tools: Sequence[Tool], seconds: float) -> list[Entry]:
    entries = []
    for tool in tools:
        known = Hold(seconds, last=seconds * LAST)
        entries.append(Entry(tool.name, tool, proxy.open(tool.name), known, settled=True))
        if tool.name == "shipgate":
            # The peers keep and look for nothing, so that a new service is nothing new to them.
            name = f"{tool.name}-new"
            entries.append(Entry(name, tool, proxy.open(name), Hold(seconds, last=None), settled=False))
    return entries


def at_the_same_time(scene: Scene, entries: Sequence[Entry], release: Release) -> list[Cost]:
    # Here and not on the threads: the git repository is everybody's.
    patience = int(entries[0].hold.seconds) + LIMIT
    commands = [entry.tool.command(scene, entry.service, release, patience) for entry in entries]

    def run_one(entry: Entry, command: Command) -> Cost:
        cost = run_tool(scene, entry.lane, entry.tool, command, patience)
        if entry.hold.ends is not None:
            say(f"{entry.name} ended {cost.ended - entry.hold.ends:+.2f} s after the rollout")
        return cost

    with ThreadPoolExecutor(len(entries)) as pool:
        try:
            running = [pool.submit(run_one, entry, command) for entry, command in zip(entries, commands, strict=True)]
            for done in wait(running, return_when=FIRST_EXCEPTION).done:
                done.result()
        except BaseException:
            # Nobody wants to wait for the others then.
            stop_all()
            raise
    return [done.result() for done in running]


def judge(entry: Entry, cost: Cost) -> Rollout:
    done = entry.hold.ends
    if done is None:
        raise ToolFailed(f"{entry.name}: it never called {UPDATE} through the proxy")
    if cost.ended < done:
        raise ToolFailed(f"{entry.name}: it ended before the rollout did")
    return Rollout(entry.name, entry.tool.name, entry.hold.seconds, cost, sort_calls(entry.lane.calls, done), done)
