"""What a program says of a rollout, and what serves after it: the one is its exit code, the tasks answer the other."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

import measure
from measure import Command
from wire import CLUSTER, POLL, Answer, Failed, Json, Proxy, Request, ask, describe

# How many seconds a program has for its verdict.
CAP = 60
PORT = 8000
# What releases answer, which is what their images have in `RELEASE`.
RELEASE, BEFORE, OTHER = "release", "before", "other"
# What an answer means, in words for a table.
STATES = {RELEASE: "the release serves", BEFORE: "what served before serves", OTHER: "another release serves",
          "": "nothing serves"}  # fmt: skip
DIED = '{{.TimeNano}} {{index .Actor.Attributes "com.amazonaws.ecs.task-definition-version"}}'


class Verdict(NamedTuple):
    """`code`: None where there was none in time. `says`: shipgate's outcome. `failed`: when its wait failed."""

    code: int | None
    seconds: float
    says: str = ""
    failed: float = 0.0


class Row(NamedTuple):
    """What a program said in a situation, and what served after that."""

    situation: str
    truth: str
    subject: str
    verdict: Verdict
    serves: str

    @property
    def false(self) -> bool:
        """Success though the release does not serve, or failure though it does."""
        return self.verdict.code is not None and (self.verdict.code == 0) != (self.serves == RELEASE)

    @property
    def cell(self) -> str:
        code, seconds, says, _ = self.verdict
        word = f"no answer in {CAP} s" if code is None else says or ("failure" if code else "success")
        word = f"`{word}`" if says else word
        word = f"**{word}**" if self.false else word
        took = "" if code is None else f" after {seconds:.1f} s"
        return f"{word}{took}; {STATES[self.serves]}"


def judge(command: Command, variables: Mapping[str, str], log: Path) -> Verdict:
    """Runs a program to its end, or for as long as it has. The lines of its stderr come with their times."""
    began, lines, killed = time.monotonic(), list[tuple[float, str]](), threading.Event()
    with log.with_suffix(".out").open("wb") as output:
        process = subprocess.Popen([*map(str, command.arguments)], cwd=command.directory, stdout=output,
                                   env={**variables, **command.variables}, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
    measure.STARTED.append(process)

    def kill() -> None:
        killed.set()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(CAP, kill)
    timer.start()
    for line in process.stderr or ():
        lines.append((time.time(), line.decode(errors="replace")))
    code = process.wait()
    timer.cancel()
    log.write_text("".join(line for _, line in lines))
    failed = [at for at, line in lines if re.match(r"  ✗ (\S+ +)?roll out\b", line)]
    says = ""
    with suppress(ValueError, KeyError):
        says = json.loads(log.with_suffix(".out").read_text())["outcome"]
    return Verdict(None if killed.is_set() else code, time.monotonic() - began, says, *failed[:1])


class Unlisted(Proxy):
    """Lists a failed deployment no more once it is rolled back, as ECS does. The emulator lists it for ever, so that
    `services-stable` would never be true there. The official action says of AWS: "not found after stabilization, likely
    rolled back by the deployment circuit breaker".
    """

    def answer(self, request: Request) -> Answer:
        answer = super().answer(request)
        if request.operation != POLL or answer.status != 200:
            return answer
        body = json.loads(answer.body)
        for service in body["services"]:
            found = service["deployments"]
            if any(it["status"] == "PRIMARY" and it["rolloutState"] == "COMPLETED" for it in found):
                kept = [it for it in found if it["status"] == "PRIMARY" or it["rolloutState"] != "FAILED"]
                service["deployments"] = kept
        return answer._replace(body=json.dumps(body).encode())


def serving(endpoint: str, service: str) -> set[tuple[str, str]]:
    """What the running tasks of a service answer, each with the task's name."""
    names = ask(endpoint, "ecs:ListTasks", cluster=CLUSTER, serviceName=service)["taskArns"]
    tasks = ask(endpoint, "ecs:DescribeTasks", cluster=CLUSTER, tasks=names)["tasks"] if names else []
    runs = [task for task in tasks if task["lastStatus"] == "RUNNING"]
    return {(answer, task["taskArn"]) for task in runs for answer in answers(task)}


def answers(task: Json) -> Iterator[str]:
    details = [detail for attached in task["attachments"] for detail in attached["details"]]
    for address in (it["value"] for it in details if it["name"] == "privateIPv4Address"):
        with suppress(OSError, HTTPException), closing(HTTPConnection(address, PORT, timeout=2)) as connection:
            connection.request("GET", "/")
            answer = connection.getresponse()
            if answer.status == 200:
                yield str(json.loads(answer.read())["release"])


def settled(endpoint: str, service: str, come: float, stay: float) -> str:
    """What answers every time for `stay` seconds, by the same task, after `come` seconds in which it may come up.

    Empty: nothing. A task that takes the place of one that died may answer before anybody sees the gap.
    """
    time.sleep(come)
    seen, until = list[set[tuple[str, str]]](), time.monotonic() + stay
    while not seen or time.monotonic() < until:
        seen.append(serving(endpoint, service))
        time.sleep(0.25)
    steady = {answer for answer, _ in set.intersection(*seen)}
    return next((it for it in (RELEASE, OTHER, BEFORE) if it in steady), "")


def after_update(endpoint: str, service: str, act: Callable[[str, str], object]) -> None:
    """Does something to a service once a program has updated it."""
    before, deadline = describe(endpoint, service)["taskDefinition"], time.monotonic() + CAP
    while describe(endpoint, service)["taskDefinition"] == before:
        if time.monotonic() > deadline:
            raise Failed(f"nothing updated service {service}")
        time.sleep(0.1)
    time.sleep(1)
    act(endpoint, service)


@contextmanager
def deaths(service: str) -> Iterator[Callable[[], Sequence[float]]]:
    """When containers of the service's second revision ended, by the container engine: the emulator shows seconds."""
    family = f"label=com.amazonaws.ecs.task-definition-family={service}"
    line = ["docker", "events", "--filter", "event=die", "--filter", family, "--format", DIED]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    measure.STARTED.append(process)
    found = list[bytes]()
    reader = threading.Thread(target=lambda: found.extend(process.stdout or ()), daemon=True)
    reader.start()
    # Until the engine has the filter.
    time.sleep(1)

    def ended() -> Sequence[float]:
        process.terminate()
        reader.join()
        process.wait()
        return [int(at) / 1e9 for at, revision in map(bytes.split, found) if revision == b"2"]

    try:
        yield ended
    finally:
        process.terminate()


def table(found: Sequence[Row]) -> Iterator[str]:
    subjects = list(dict.fromkeys(it.subject for it in found))
    yield f"| situation | truth | {' | '.join(subjects)} |"
    yield "|---" * (len(subjects) + 2) + "|"
    for name in dict.fromkeys(it.situation for it in found):
        cells = [it for it in found if it.situation == name]
        yield f"| {name} | {STATES[cells[0].truth]} | {' | '.join(it.cell for it in cells)} |"


def summary(found: Sequence[Row]) -> Iterator[str]:
    for subject in dict.fromkeys(it.subject for it in found):
        own = [it for it in found if it.subject == subject]
        false = sum(it.false and it.verdict.code == 0 for it in own)
        none = sum(it.verdict.code is None for it in own)
        yield f"{subject}: {false} false successes, {none} times no answer in {CAP} s, of {len(own)}"
    for it in found:
        if (it.serves == RELEASE) != (it.truth == RELEASE):
            yield f"not as expected after {it.subject}: {it.situation}: {STATES[it.serves]}"
