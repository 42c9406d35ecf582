"""The measuring core: what one run of a program costs, which AWS calls it makes when, and when ECS was done."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from wire import POLL, UPDATE, Failed, Json, Request

HERE = Path(__file__).resolve().parent
# How many seconds a program and its rollouts may take.
LIMIT = 900
SECONDS, CPU, PEAK, CALLS = "whole run, s", "CPU, s", "peak memory, MiB", "AWS calls"
PHASES = SETTING_UP, WAITING, CLOSING = "  until UpdateService", "  while waiting", "  after the rollout"
AFTER, PER_MINUTE = "  after UpdateService", "  while waiting, per minute"
PAUSE, LONGEST = "pause in which it ended, s", "longest pause, s"
LATE, PUNCTUAL = "end after ECS was done, s", "end after COMPLETED, s"
# Of one deploy.
ROWS = (LATE, PUNCTUAL, SECONDS, CPU, PEAK, CALLS, SETTING_UP, AFTER, WAITING, PER_MINUTE, CLOSING, PAUSE, LONGEST)
STARTED: list["subprocess.Popen[bytes]"] = []


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Sample(NamedTuple):
    """One run of a program: its figures by the titles of their rows, and its AWS calls by phase and operation."""

    subject: str
    figures: Mapping[str, float]
    calls: Mapping[str, Mapping[Any, int]] = {}


class Command(NamedTuple):
    arguments: Sequence[object]
    directory: Path
    variables: Mapping[str, str] = {}


class Cost(NamedTuple):
    """Times in seconds on the clock that all processes of the machine share, memory in MiB."""

    began: float
    ended: float
    cpu: float
    peak: float

    @property
    def figures(self) -> dict[str, float]:
        return {SECONDS: self.ended - self.began, CPU: self.cpu, PEAK: self.peak}


def run(name: str, command: Command, variables: Mapping[str, str], log: Path, code: int = 0,
        watch: Callable[[], bool] = lambda: False) -> Cost:
    """Runs a program to its end, which should be `code`, with only these variables; then until `watch` has its figures.

    `watch` is called every 20 ms, and says whether it still waits for something.
    """
    result, deadline = log.with_suffix(".json"), time.monotonic() + LIMIT
    line: list[str | Path] = [sys.executable, "-I", "-S", HERE / "wait4.py", result, *map(str, command.arguments)]
    with log.open("wb") as output:
        process = subprocess.Popen(line, cwd=command.directory, env={**variables, **command.variables}, stdout=output,
                                   stderr=output, stdin=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    STARTED.append(process)
    while (waits := watch()) or process.poll() is None:
        if time.monotonic() > deadline:
            raise Failed(f"{name} or its rollout did not end within {LIMIT} s; its output is in {log}")
        if waits and process.poll() not in (None, code):
            break
        time.sleep(0.02)
    if process.returncode != code:
        lines = [f"{name} ended with exit code {process.returncode}; its output is in {log}"]
        raise Failed("\n  | ".join(lines + log.read_text(errors="replace").splitlines()[-20:]))
    return Cost(**json.loads(result.read_text()))


def stop_all() -> None:
    """Whatever ends the bench also ends what it started."""
    for process in STARTED:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def together(work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """All at the same time. When one fails, those that still run end when the bench stops what they started."""
    return list(ThreadPoolExecutor(len(items)).map(work, items))


def calls_of(calls: Sequence[Request], done: float) -> tuple[dict[str, float], dict[str, Counter[str | None]]]:
    """The AWS calls of a deploy of one service as figures, and by phase. `done`: when its rollout was over."""
    updated = [call.at for call in calls if call.operation == UPDATE][-1]
    polls = [updated, *(call.at for call in calls if call.operation == POLL and call.at > updated)]
    pauses = {earlier: later - earlier for earlier, later in pairwise(polls)} or {updated: 0.0}
    # The poll that sees the end comes after it.
    last = [pause for began, pause in pauses.items() if began <= max(done, updated)][-1]
    phases = {title: Counter[str | None]() for title in PHASES}
    for call in calls:
        phases[SETTING_UP if call.at <= updated else WAITING if call.at <= done else CLOSING][call.operation] += 1
    totals = {title: float(counter.total()) for title, counter in phases.items()}
    totals |= {CALLS: len(calls), AFTER: totals[WAITING] + totals[CLOSING]}
    totals[PER_MINUTE] = totals[WAITING] * 60 / max(done - updated, 1)
    return {**totals, PAUSE: last, LONGEST: max(pauses.values())}, phases


class Observer:
    """Sees when ECS is done: asks the server of the program itself, from before it starts.

    A call takes about a millisecond, so that the times are right to about 20 ms, late rather than early.
    """

    def __init__(self, poll: Callable[[], Json]) -> None:
        self.poll = poll
        self.before = self.poll()["taskDefinition"]
        # When the new deployment was COMPLETED with all its tasks, and when the old one was gone, too.
        self.completed = self.alone = 0.0

    def __call__(self) -> bool:
        """Polls, unless the rollout is over."""
        if not self.alone:
            service, now = self.poll(), time.monotonic()
            new = next(it for it in service["deployments"] if it["status"] == "PRIMARY")
            done = new["rolloutState"] == "COMPLETED" and new["runningCount"] >= service["desiredCount"]
            if done and service["taskDefinition"] != self.before:
                self.completed = self.completed or now
                if len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"]:
                    self.alone = now
        return not self.alone
