"""A deploy of an image that is already pushed: as fast as it goes, and with a rollout that takes minutes."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import measure
from account import LAST, Account
from bench import CONTAINER, PREFIX, Bench, Release, definition
from measure import CALLS, LATE, LIMIT, PAUSE, PER_MINUTE, PUNCTUAL, Command, Observer, Sample
from measure import calls_of, run, say, together
from report import Found, Goal, at_most
from wire import CLUSTER, Failed, Proxy

LATENESS, CPU, PEAK = 0.5, 0.1, 30
# What deploys a release to a service with a program.
Tool = Callable[[Bench, str, Release], Command]


def shipgate(bench: Bench, service: str, _release: Release) -> Command:
    """finds the image, plans, registers, updates, waits, reads back what runs"""
    return Command([bench.binary, "deploy", "bench"], bench.repository, {"BENCH_SERVICE": service})


def ecs_deploy(bench: Bench, service: str, release: Release) -> Command:
    """fabfuel's `ecs deploy CLUSTER SERVICE -i CONTAINER IMAGE`, with its defaults"""
    image = ["-i", CONTAINER, release.image, "--timeout", str(LIMIT)]
    return Command([bench.peers / "ecs", "deploy", CLUSTER, service, *image], bench.directory)


def awscli(bench: Bench, service: str, release: Release) -> Command:
    """describe and register the task definition, update-service, wait services-stable: 40 polls, 15 s apart"""
    line = ["bash", measure.HERE / "awscli.sh", CLUSTER, service, service, release.image]
    return Command(line, bench.directory, {"PATH": f"{bench.peers}:{os.environ['PATH']}"})


def official_action(bench: Bench, service: str, release: Release) -> Command:
    """node dist/index.js as a runner starts it; the file with the task definition is made before"""
    home = bench.directory / "runner" / service
    home.mkdir(parents=True, exist_ok=True)
    (home / "task-definition.json").write_text(json.dumps(definition(service, release.image)))
    inputs = {"TASK-DEFINITION": home / "task-definition.json", "SERVICE": service, "CLUSTER": CLUSTER}
    inputs |= {"WAIT-FOR-SERVICE-STABILITY": "true", "WAIT-FOR-MINUTES": LIMIT // 60}
    variables = {f"INPUT_{name}": str(value) for name, value in inputs.items()} | {"GITHUB_WORKSPACE": str(home)}
    program = Path(os.environ["SHIPGATE_BENCH_OFFICIAL_ACTION"]).resolve() / "dist" / "index.js"
    return Command(["node", program], home, variables)


def tools_of(bench: Bench) -> dict[str, Tool]:
    """Shipgate first: the others are compared with it."""
    tools: dict[str, Tool] = {"shipgate": shipgate}
    if bench.with_installed:
        tools |= {"ecs-deploy": ecs_deploy, "awscli": awscli}
    if bench.with_installed and os.environ.get("SHIPGATE_BENCH_OFFICIAL_ACTION"):
        tools["official-action"] = official_action
    for name, tool in tools.items():
        say(f"{name}: {tool.__doc__}")
    return tools


def deploy(bench: Bench, name: str, tool: Tool, server: Proxy | Account, release: Release) -> Sample:
    """By one program, to the service of its server. The release is checked out."""
    service = f"{PREFIX}-{name}"
    command = tool(bench, service, release)
    server.requests.clear()
    observer = Observer(lambda: server.shown(service))
    variables = bench.variables(server.address, server.registry)
    cost = run(name, command, variables, bench.directory / f"{name}.log", watch=observer)
    late = {LATE: cost.ended - observer.alone, PUNCTUAL: cost.ended - observer.completed}
    if late[PUNCTUAL] < -1:
        raise Failed(f"{name} ended before its rollout did")
    figures, phases = calls_of(server.calls, observer.completed)
    say(f"{name} ended {late[LATE]:+.2f} s after ECS, with {cost.cpu:.2f} s of CPU")
    return Sample(name, {**late, **cost.figures, **figures}, phases)


def deploys(bench: Bench, _size: int) -> Iterator[Sample]:
    """In each round all programs deploy two releases, one program after the other; the second release counts.

    The first brings the services to where the program itself leaves them, as in daily use.
    """
    ways = {name: (tool, Proxy(bench.endpoint)) for name, tool in tools_of(bench).items()}
    bench.start([f"{PREFIX}-{name}" for name in ways], bench.release())
    for turn in range(1, bench.rounds + 1):
        say(f"round {turn} of {bench.rounds}")
        for _ in ("settling", "measured"):
            release = bench.release()
            samples = [deploy(bench, name, *way, release) for name, way in ways.items()]
        yield from samples


def rollouts(bench: Bench, seconds: int) -> Iterable[Sample]:
    """All programs at the same time, each in an account of its own, with rollouts that take `seconds`.

    Shipgate deployed its service before, as in daily use; its peers keep nothing that would matter. Only
    `shipgate-new` deploys for the first time, where ECS does not say either how long the last rollout took.
    """
    if not 5 <= seconds <= 540:
        raise Failed("a rollout takes between 5 and 540 s here: the AWS CLI waits no longer than 600 s")
    settling, tools = bench.release(), tools_of(bench) | {"shipgate-new": shipgate}
    accounts = {name: Account({f"{PREFIX}-{name}": 0}, bench.releases) for name in tools}
    deploy(bench, "shipgate", shipgate, accounts["shipgate"], settling)
    for name, account in accounts.items():
        account.settle(f"{PREFIX}-{name}", 0 if name == "shipgate-new" else seconds * LAST, seconds)
    say(f"{len(tools)} rollouts of {seconds} s at the same time")
    measured = bench.release()
    return together(lambda name: deploy(bench, name, tools[name], accounts[name], measured), list(tools))


def deploy_goals(found: Found, _size: int) -> Iterable[Goal]:
    late, pauses = found.all(PUNCTUAL), found.all(PAUSE)
    punctual = sum(end <= pause for end, pause in zip(late, pauses, strict=True))
    yield at_most("end after ECS", found(LATE), LATENESS, " s", f" (worst {found(LATE, by=max):.2f})")
    yield Goal("end within one pause between polls", f"{punctual} of {len(late)}", punctual == len(late))
    yield at_most("CPU", found(measure.CPU), CPU, " s")
    yield at_most("peak memory", found(measure.PEAK), PEAK, " MiB")


def rollout_goals(found: Found, _size: int) -> Iterable[Goal]:
    peers = [it for it in found.subjects if not it.startswith("shipgate")]
    for name in ("shipgate", "shipgate-new"):
        late, pause = found(LATE, name), found(PAUSE, name)
        yield at_most(f"{name}: end after ECS", late, LATENESS, " s")
        yield Goal(f"{name}: end within one pause between polls", f"{late:.2f} s, pause {pause:.2f} s", late <= pause)
        for peer in peers:
            for row in (PER_MINUTE, CALLS):
                own, theirs = found(row, name), found(row, peer)
                text = f"{name}: {row.strip()}, no more than {peer}"
                yield Goal(text, f"{own:.3g} to {theirs:.3g}", own <= theirs)
