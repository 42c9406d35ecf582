"""What each program says of a rollout, beside what is true: does the release serve, or what served before, or nothing?

Each program has a service of its own that runs a release, and all deploy the next one at the same time. What serves is
asked of the tasks after the program's last word.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import NamedTuple

import deploys
from bench import CONTAINER, ENVIRONMENT, PREFIX, REPOSITORY, ROOT, Bench, Release
from bench import commit, configuration, definition, execute, push
from measure import Command, say, together
from verdicts import BEFORE, CAP, OTHER, RELEASE, Row, Unlisted, after_update, deaths, judge, serving, settled
from verdicts import summary, table
from wire import CLUSTER, REGION, Failed, Json, ask

ROLLS_BACK, ONLY_STOPS = ({"enable": True, "rollback": back} for back in (True, False))
OFF = {"enable": False, "rollback": False}
ROOM = {"maximumPercent": 200, "minimumHealthyPercent": 100}
SERVE, GARBAGE = ("serve", "200"), ("garbage",)
DOCKERFILE = 'FROM scratch\nCOPY release /release\nENV RELEASE={}\nENTRYPOINT ["/release"]\nCMD {}\n'
BUILD = """set -euo pipefail
for part in common cloudshop; do source "$0/$part.sh"; done
build_release "$1"
"""
SECRET = f"arn:aws:secretsmanager:{REGION}:000000000000:secret:no-such-secret"
MISSING = "localhost:1/no-such/image:1"
# Goals: the verdict on a crash loop, in seconds after its third failure.
FAILURES, FAST = 3, 2.0


class Situation(NamedTuple):
    """`truth`: what serves in the end, where nothing more is done about it than ECS does.

    `come`, `stay`: for how long after a program's last word something may come up, and then has to stay.
    """

    name: str
    truth: str
    does: Sequence[str] = SERVE
    did: Sequence[str] = SERVE
    breaker: Mapping[str, bool] = ROLLS_BACK
    desired: int = 1
    # maximumPercent: with 100 a rollout does not end, because a second task has no room beside the first.
    room: int = 200
    settle: str = "2s"
    come: float = 4
    stay: float = 2
    # What the next definition has beside its image: another image of its second container, or a secret.
    proxy: str = ""
    secret: str = ""
    # What is done to the service while the program waits, by the address of ECS and the service's name.
    meanwhile: Callable[[str, str], object] | None = None


def update(endpoint: str, service: str, **more: object) -> None:
    ask(endpoint, "ecs:UpdateService", cluster=CLUSTER, service=service, **more)


def make_room(endpoint: str, service: str) -> None:
    update(endpoint, service, desiredCount=2, deploymentConfiguration=ROOM)


def put_back(endpoint: str, service: str) -> None:
    revision = ask(endpoint, "ecs:DescribeTaskDefinition", taskDefinition=f"{service}:1")["taskDefinition"]
    update(endpoint, service, taskDefinition=revision["taskDefinitionArn"], deploymentConfiguration=ROOM)


def supersede(endpoint: str, service: str) -> None:
    revision = ask(endpoint, "ecs:DescribeTaskDefinition", taskDefinition=f"{service}:1")["taskDefinition"]
    revision["containerDefinitions"][0]["environment"] = [{"name": "RELEASE", "value": OTHER}]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "containerDefinitions")
    new = ask(endpoint, "ecs:RegisterTaskDefinition", **{key: revision[key] for key in kept})["taskDefinition"]
    update(endpoint, service, taskDefinition=new["taskDefinitionArn"], deploymentConfiguration=ROOM)


def delete(endpoint: str, service: str) -> None:
    ask(endpoint, "ecs:DeleteService", cluster=CLUSTER, service=service, force=True)


CRASH_LOOP = Situation("a crash loop without a circuit breaker", BEFORE, ("exit", "3"), breaker=OFF)
SITUATIONS = (
    Situation("the next release", RELEASE),
    Situation("a slow start that is fine", RELEASE, ("wait", "3", *SERVE)),
    Situation("tasks crash at start, and the circuit breaker rolls back", BEFORE, ("print", "boom", "exit", "3")),
    Situation("tasks end with code 0 at start", BEFORE, ("exit", "0")),
    CRASH_LOOP,
    Situation("a crash loop, and a circuit breaker that does not roll back", "", ("exit", "3"), breaker=ONLY_STOPS),
    Situation("a crash after 20 s of RUNNING", "", ("answer", "200", "wait", "20", "exit", "7"), settle="30s", come=0,
              stay=25),
    Situation("the entry point is no program", BEFORE, GARBAGE),
    Situation("an image of the definition does not exist", BEFORE, proxy=MISSING),
    Situation("a secret does not exist", BEFORE, secret=SECRET),
    Situation("what ran before does not start either", "", ("exit", "3"), did=("exit", "3")),
    Situation("the service wants no task", "", desired=0),
    Situation("the desired count changes meanwhile", RELEASE, room=100, meanwhile=make_room),
    Situation("somebody else deploys meanwhile", OTHER, room=100, meanwhile=supersede),
    Situation("somebody puts the revision before back by hand", BEFORE, room=100, meanwhile=put_back),
    Situation("the service is deleted meanwhile", "", room=100, meanwhile=delete),
)  # fmt: skip


class Place(NamedTuple):
    """The service of one program in one situation."""

    bench: Bench
    situation: Situation
    release: Release
    service: str

    def start(self, before: Release) -> None:
        """With the release before, which serves when this returns, if it ever does."""
        bench, situation = self.bench, self.situation
        first = revision(self.service, before.image, before.image if situation.proxy else "")
        network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
        rollout = {"maximumPercent": situation.room, "minimumHealthyPercent": 100,
                   "deploymentCircuitBreaker": situation.breaker}  # fmt: skip
        bench.create(REGION, first, desiredCount=situation.desired, launchType="FARGATE",
                     networkConfiguration=network, deploymentConfiguration=rollout)  # fmt: skip
        deadline = time.monotonic() + CAP
        while situation.desired and situation.did == SERVE and not serving(bench.endpoint, self.service):
            if time.monotonic() > deadline:
                raise Failed(f"service {self.service} does not start")
            time.sleep(0.2)

    def next_revision(self) -> Json:
        return revision(self.service, self.release.image, self.situation.proxy, self.situation.secret)


def revision(family: str, image: str, proxy: str = "", secret: str = "") -> Json:
    secrets = {"secrets": [{"name": "DATABASE_URL", "valueFrom": secret}]} if secret else {}
    found = definition(family, image, **secrets)
    found |= {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    if proxy:
        found["containerDefinitions"].append({"name": "proxy", "image": proxy, "essential": True})
    return found


# What deploys the release to the service with a program.
Tool = Callable[[Place], Command]


def shipgate(place: Place) -> Command:
    command = deploys.shipgate(place.bench, place.service, place.release)
    return command._replace(arguments=[*command.arguments, "--output", "json"])


def ecs_deploy(place: Place) -> Command:
    """fabfuel's, with the options that change an image or add a secret"""
    command, situation = deploys.ecs_deploy(place.bench, place.service, place.release), place.situation
    proxy = ["-i", "proxy", situation.proxy] if situation.proxy else []
    secret = ["-s", CONTAINER, "DATABASE_URL", situation.secret] if situation.secret else []
    return command._replace(arguments=[*command.arguments, *proxy, *secret])


def awscli(place: Place) -> Command:
    made = ask(place.bench.endpoint, "ecs:RegisterTaskDefinition", **place.next_revision())["taskDefinition"]
    line = ('aws ecs update-service --cluster "$0" --service "$1" --task-definition "$2" >/dev/null && '
            'aws ecs wait services-stable --cluster "$0" --services "$1"')  # fmt: skip
    arguments = ["bash", "-c", line, CLUSTER, place.service, made["taskDefinitionArn"]]
    return Command(arguments, place.bench.directory, {"PATH": f"{place.bench.peers}:{os.environ['PATH']}"})


def official_action(place: Place) -> Command:
    command = deploys.official_action(place.bench, place.service, place.release)
    (command.directory / "task-definition.json").write_text(json.dumps(place.next_revision()))
    return command


def tools_of(bench: Bench) -> dict[str, Tool]:
    tools: dict[str, Tool] = {"shipgate": shipgate}
    if bench.with_installed:
        tools |= {"ecs-deploy": ecs_deploy, "aws ecs wait": awscli}
    if bench.with_installed and os.environ.get("SHIPGATE_BENCH_OFFICIAL_ACTION"):
        tools["official action"] = official_action
    return tools


def make_release(bench: Bench, name: str, does: Sequence[str], files: Mapping[str, str]) -> Release:
    """One that is pushed, and checked out. Its program does what words say: tests/programs/release.rs."""
    bench.repository.mkdir(parents=True, exist_ok=True)
    program = bench.repository / "release"
    shutil.copy2(bench.directory / "release", program)
    if does == GARBAGE:
        program.write_text("garbage")
    texts = {"Dockerfile": DOCKERFILE.format(name, json.dumps(does)), ".gitignore": "shipgate.toml\n"}
    sha = commit(bench.repository, {**texts, **files, "release.txt": str(len(bench.releases))})
    bench.releases.append(Release(sha, f"localhost:{bench.endpoint.rsplit(':', 1)[1]}/{REPOSITORY}:{sha}"))
    push(bench.repository, *bench.releases[-1])
    return bench.releases[-1]


def prepare(bench: Bench, situation: Situation, subjects: Sequence[str]) -> list[Place]:
    """A service for each program, which runs the release before. The next one is checked out, for shipgate."""
    ask(bench.endpoint, "ecr:CreateRepository", repositoryName=REPOSITORY)
    if not (bench.directory / "release").exists():
        execute("bash", "-c", BUILD, ROOT / "scripts/lib", bench.directory / "release")
    services = [f"{PREFIX}-{len(bench.releases)}-{subject.replace(' ', '-')}" for subject in subjects]
    before = make_release(bench, BEFORE, situation.did, {})
    own, keys = {}, ""
    if situation.proxy or situation.secret:
        own["task.json"] = json.dumps(revision(services[0], before.image, situation.proxy, situation.secret))
        keys = 'task-definition = "task.json"\n'
    text = configuration(["${env.BENCH_SERVICE}"], keys + ENVIRONMENT, situation.settle)
    release = make_release(bench, RELEASE, situation.does, own)
    (bench.repository / "shipgate.toml").write_text(text)
    places = [Place(bench, situation, release, service) for service in services]
    together(lambda place: place.start(before), places)
    return places


def row(subject: str, tool: Tool, place: Place) -> Row:
    bench, situation = place.bench, place.situation
    server = Unlisted(bench.endpoint)
    command, variables = tool(place), bench.variables(server.address, server.registry)
    act, log = situation.meanwhile, bench.directory / f"{place.service}.log"
    with ThreadPoolExecutor(1) as beside:
        acted = beside.submit(after_update, bench.endpoint, place.service, act) if act else None
        verdict = judge(command, variables, log)
    if acted:
        acted.result()
    serves = settled(bench.endpoint, place.service, situation.come, situation.stay)
    return Row(situation.name, situation.truth, subject, verdict, serves)


def rows(bench: Bench) -> Iterator[Row]:
    """All programs of a situation at the same time."""
    tools = tools_of(bench)
    for situation in (SITUATIONS[0], CRASH_LOOP) if bench.smoke else SITUATIONS:
        places = dict(zip(tools, prepare(bench, situation, list(tools)), strict=True))
        found = together(lambda name: row(name, tools[name], places[name]), list(tools))
        bench.clean_up()
        for it in found:
            say(f"{situation.name}: {it.subject}: {it.cell}")
        yield from found


def crash_loop(bench: Bench) -> float:
    """How long after the third task of a crash loop failed shipgate's wait did."""
    [place] = prepare(bench, CRASH_LOOP, ["loop"])
    with deaths(place.service) as ended:
        found = row("shipgate", shipgate, place)
        times = ended()
    bench.clean_up()
    if not found.verdict.failed or len(times) < FAILURES:
        raise Failed(f"shipgate did not see a crash loop fail: {found.cell}")
    late = found.verdict.failed - times[FAILURES - 1]
    say(f"a crash loop: the verdict {late:+.2f} s after failure {FAILURES} of {len(times)}")
    return late


def truth(bench: Bench) -> tuple[str, Json]:
    """As Markdown, and as it was measured."""
    load = os.getloadavg()[0]
    found = list(rows(bench))
    late = [] if bench.smoke else [crash_loop(bench) for _ in range(bench.rounds)]
    lines = [*table(found), "", *summary(found)]
    if late:
        reached = "reached" if max(late) <= FAST else "not reached"
        lines.append(f"{CRASH_LOOP.name}: the verdict {median(late):.1f} s after failure {FAILURES}, "
                     f"at worst {max(late):.1f} s of {len(late)} (at most {FAST:.0f} s: {reached})")  # fmt: skip
    lines.append(f"load of the machine: {load:.0f} before, {os.getloadavg()[0]:.0f} after")
    return "\n".join(lines), {"rows": [it._asdict() for it in found], "late": late}
