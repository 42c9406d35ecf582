"""A deploy of an image that is already pushed: as fast as it goes, and with a rollout that takes minutes."""

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import measure
from bench import CLUSTER, CONTAINER, PREFIX, Bench, Release, definition, describe
from measure import CALLS, LATE, PAUSE, PER_MINUTE, PUNCTUAL, Command, Observer, Sample, calls_of, run, say, together
from report import Found, Goal, at_most
from wire import Failed, Hold, Proxy

LATENESS, CPU, PEAK = 0.5, 0.1, 30
# A service's last rollout did not take exactly as long as this one: a program that plans its polls by the last one
# would poll at the very moment that this one ends.
LAST = 0.87
# What deploys `release` to `service` with a program, and waits at most `limit` seconds.
Tool = Callable[[Bench, str, Release, int], Command]


def shipgate(bench: Bench, service: str, _release: Release, _limit: int) -> Command:
    """finds the image, plans, registers, updates, waits, reads back what runs"""
    variables = {"SHIPGATE_REGISTRY_HOSTS": bench.registry_hosts, "BENCH_SERVICE": service}
    return Command([bench.binary, "deploy", "bench"], bench.repository, variables)


def ecs_deploy(bench: Bench, service: str, release: Release, limit: int) -> Command:
    """fabfuel's `ecs deploy CLUSTER SERVICE -i CONTAINER IMAGE`, with its defaults"""
    image = ["-i", CONTAINER, release.image, "--timeout", str(limit)]
    return Command([bench.peers / "ecs", "deploy", CLUSTER, service, *image], bench.directory)


def awscli(bench: Bench, service: str, release: Release, _limit: int) -> Command:
    """describe and register the task definition, update-service, wait services-stable: 40 polls, 15 s apart"""
    line = ["bash", measure.HERE / "awscli.sh", CLUSTER, service, service, release.image]
    return Command(line, bench.directory, {"PATH": f"{bench.peers}:{os.environ['PATH']}"})


def official_action(bench: Bench, service: str, release: Release, limit: int) -> Command:
    """node dist/index.js as a runner starts it; the file with the task definition is made before"""
    home = bench.directory / "runner" / service
    home.mkdir(parents=True, exist_ok=True)
    (home / "task-definition.json").write_text(json.dumps(definition(service, release.image)))
    inputs = {"TASK-DEFINITION": home / "task-definition.json", "SERVICE": service, "CLUSTER": CLUSTER}
    inputs |= {"WAIT-FOR-SERVICE-STABILITY": "true", "WAIT-FOR-MINUTES": limit // 60 + 1}
    variables = {f"INPUT_{name}": str(value) for name, value in inputs.items()}
    for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
        variables[name] = str(home / name)
        (home / name).touch()
    variables |= {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(home), "RUNNER_TEMP": str(home)}
    program = Path(os.environ["SHIPGATE_BENCH_OFFICIAL_ACTION"]).resolve() / "dist" / "index.js"
    return Command(["node", program], home, variables)


def tools_of(bench: Bench) -> dict[str, Tool]:
    """Shipgate first: the others are compared with it."""
    tools: dict[str, Tool] = {"shipgate": shipgate}
    if not bench.alone:
        tools |= {"ecs-deploy": ecs_deploy, "awscli": awscli}
        if os.environ.get("SHIPGATE_BENCH_OFFICIAL_ACTION"):
            tools["official-action"] = official_action
        else:
            say("without the official action: SHIPGATE_BENCH_OFFICIAL_ACTION names no checkout of it")
    for name, tool in tools.items():
        say(f"{name}: {tool.__doc__}")
    return tools


def deploy(bench: Bench, name: str, tool: Tool, proxy: Proxy, release: Release) -> Sample:
    """By one program, to the service of its proxy. The release is checked out."""
    limit = measure.LIMIT + int(proxy.hold.seconds if proxy.hold else 0)
    service = f"{PREFIX}-{name}"
    command = tool(bench, service, release, limit)
    proxy.requests.clear()
    observer = Observer(lambda: describe(bench.endpoint, service))
    cost = run(name, command, bench.variables(proxy.address), bench.directory / f"{name}.log", limit, watch=observer)
    completed, alone = observer.completed, observer.alone
    if proxy.hold:
        completed = alone = proxy.hold.ends or math.inf
        if cost.ended < completed:
            raise Failed(f"{name} ended before its rollout did")
    figures, phases = calls_of(proxy.calls, completed)
    late = {LATE: cost.ended - alone, PUNCTUAL: cost.ended - completed}
    say(f"{name} ended {late[LATE]:+.2f} s after ECS, with {cost.cpu:.2f} s of CPU")
    return Sample(name, {**late, **cost.figures, **figures}, phases)


def deploys(bench: Bench, _size: int) -> Iterator[Sample]:
    """Each program in turn; a turn is two deploys, of which the second counts.

    The first brings the service to where the program itself leaves it, as in daily use.
    """
    settling, measured = bench.releases
    ways = {name: (tool, Proxy(bench.endpoint)) for name, tool in tools_of(bench).items()}
    bench.start([f"{PREFIX}-{name}" for name in ways], settling if bench.smoke else measured)
    for turn in range(1, bench.rounds + 1):
        say(f"round {turn} of {bench.rounds}")
        for name, (tool, proxy) in ways.items():
            if not bench.smoke:
                bench.check_out(settling)
                deploy(bench, name, tool, proxy, settling)
            bench.check_out(measured)
            yield deploy(bench, name, tool, proxy, measured)


def rollouts(bench: Bench, seconds: int) -> Iterable[Sample]:
    """All programs at the same time, each twice, with rollouts that seem to take `seconds` the second time.

    Only `shipgate-new` deploys its service for the first time: ECS then does not say how long the last rollout took.
    The peers keep no such thing.
    """
    if not 5 <= seconds <= 540:
        raise Failed("a rollout takes between 5 and 540 s here: the AWS CLI waits no longer than 600 s")
    settling, measured = bench.releases
    tools, last = tools_of(bench).items(), seconds * LAST
    ways = {name: (tool, Proxy(bench.endpoint), Hold(seconds, last)) for name, tool in tools}
    bench.start([f"{PREFIX}-{name}" for name in ways], settling if bench.smoke else measured)
    if not bench.smoke:
        bench.check_out(settling)
        together(lambda name: deploy(bench, name, *ways[name][:2], settling), list(ways))
    ways["shipgate-new"] = (shipgate, Proxy(bench.endpoint), Hold(seconds, 0))
    bench.start([f"{PREFIX}-shipgate-new"], settling)
    for _, proxy, hold in ways.values():
        proxy.hold = hold
    say(f"{len(ways)} rollouts of {seconds} s at the same time")
    bench.check_out(measured)
    return together(lambda name: deploy(bench, name, *ways[name][:2], measured), list(ways))


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
                ours, theirs = found(row, name), found(row, peer)
                text = f"{name}: {row.strip()}, no more than {peer}"
                yield Goal(text, f"{ours:.3g} to {theirs:.3g}", ours <= theirs)
