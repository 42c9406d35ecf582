"""Many services by one deploy: beside a script that fires the same calls at once, and where each answer takes 50 ms."""

import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from account import Account, name_of
from bench import PREFIX, Bench, Release, configuration
from measure import CALLS, CPU, PEAK, SECONDS, Command, Sample, run, say, together
from report import Found, Goal, at_most
from wire import CLUSTER, POLL, UPDATE, Json, Proxy, Request, Server, ask, describe

DELAY, FAR, SLOWEST = 0.05, 100, 10.0
RATIO, FAR_RATIO, MOST = 1.2, 1.3, 64
NEAR, ENDPOINT = "local cloud: ", "50 ms an answer: "
NUMBER, ROLLOUT, POLLS = "services", "slowest rollout, s", "DescribeServices calls a poll"
ROWS = tuple(NEAR + row for row in (NUMBER, SECONDS, CPU, PEAK, CALLS))
ROWS += tuple(ENDPOINT + row for row in (NUMBER, SECONDS, ROLLOUT, POLLS, CPU, PEAK, CALLS))


def services(bench: Bench, size: int) -> Iterator[Sample]:
    names = [f"{PREFIX}-s{index}" for index in range(size)]
    say(f"starting {size} services")
    bench.start(names, bench.release())
    for turn in range(1, bench.rounds + 1):
        say(f"round {turn} of {bench.rounds}: the script, then shipgate twice, of which the second time counts")
        yield at_once(Proxy(bench.endpoint), names, bench.release())
        deploy(bench, Proxy(bench.endpoint), names)
        yield deploy(bench, Proxy(bench.endpoint), names)
    bench.clean_up()
    yield far(bench, size if bench.smoke else FAR, SLOWEST / (10 if bench.smoke else 1))


def deploy(bench: Bench, server: Server, names: Sequence[str], about: str = NEAR) -> Sample:
    bench.release()
    (bench.repository / "shipgate.toml").write_text(configuration(names))
    command = Command([bench.binary, "deploy", "bench"], bench.repository)
    variables = bench.variables(server.address, server.registry)
    cost = run("shipgate", command, variables, bench.directory / "services.log")
    return sample("shipgate", about, len(names), cost.figures, server.calls)


def sample(subject: str, about: str, size: int, figures: dict[str, float], calls: Sequence[Request]) -> Sample:
    figures = {NUMBER: size, **figures, CALLS: len(calls)}
    operations = Counter(call.operation for call in calls) if about == NEAR else {}
    return Sample(subject, {about + row: value for row, value in figures.items()}, {about: operations})


def at_once(proxy: Proxy, names: Sequence[str], release: Release) -> Sample:
    """What the deploy of a service asks of AWS, for all services at the same time."""
    began = time.monotonic()
    together(lambda name: deploy_one(proxy.address, name, release), names)
    return sample("script", NEAR, len(names), {SECONDS: time.monotonic() - began}, proxy.calls)


def deploy_one(address: str, name: str, release: Release) -> None:
    service = describe(address, name)
    revision = ask(address, "ecs:DescribeTaskDefinition", taskDefinition=service["taskDefinition"])["taskDefinition"]
    containers = [revision["containerDefinitions"][0] | {"image": release.image}]
    new = ask(address, "ecs:RegisterTaskDefinition", family=name, containerDefinitions=containers)["taskDefinition"]
    ask(address, UPDATE, cluster=CLUSTER, service=name, taskDefinition=new["taskDefinitionArn"])
    deployments: list[Json] = []
    while len(deployments) != 1 or deployments[0]["rolloutState"] != "COMPLETED":
        # The shortest pause of shipgate, so that polls do not slow the emulator down.
        time.sleep(0.4)
        deployments = describe(address, name)["deployments"]
    tasks = ask(address, "ecs:ListTasks", cluster=CLUSTER, serviceName=name)["taskArns"]
    ask(address, "ecs:DescribeTasks", cluster=CLUSTER, tasks=tasks)
    ask(address, "ecs:TagResource", resourceArn=new["taskDefinitionArn"], tags=[{"key": "bench", "value": "deployed"}])


def far(bench: Bench, size: int, slowest: float) -> Sample:
    """Rollouts take from half of `slowest` to all of it."""
    say(f"{size} services where each answer takes {DELAY * 1000:.0f} ms")
    takes = {f"{PREFIX}-f{index}": slowest * (1 + (index + 1) / size) / 2 for index in range(size)}
    server = Account(takes, bench.releases, DELAY)
    found = deploy(bench, server, list(takes), ENDPOINT)
    polls = [json.loads(call.body)["services"] for call in server.calls if call.operation == POLL]
    # One poll is one round over all services that are waited for: as many as the service had that was asked for most.
    rounds = max(Counter(name_of(name) for names in polls for name in names).values())
    more = {ENDPOINT + ROLLOUT: slowest, ENDPOINT + POLLS: len(polls) / rounds}
    return Sample(found.subject, {**found.figures, **more}, found.calls)


def goals(found: Found, _size: int) -> Iterable[Goal]:
    size = found(ENDPOINT + NUMBER)
    ratio = found(NEAR + SECONDS) / found(NEAR + SECONDS, "script")
    yield at_most(f"{NEAR}times the script's wall time", ratio, RATIO)
    ratio = found(ENDPOINT + SECONDS) / found(ENDPOINT + ROLLOUT)
    yield at_most(f"{ENDPOINT}times the slowest rollout", ratio, FAR_RATIO)
    yield at_most(f"{ENDPOINT}{POLLS} of {size:.0f}", found(ENDPOINT + POLLS), math.ceil(size / 10))
    yield at_most(f"{ENDPOINT}peak memory", found(ENDPOINT + PEAK), MOST, " MiB")
