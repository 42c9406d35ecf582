"""A promotion of a large image, beside what people do with docker: pull, tag, push.

Neither service wants a task, and the ledger of the source records the release's success: so a promotion is the copy, a
revision and an update, and ends as `unproven` with nothing to wait for. Docker's way does less: it only brings the
image there. It starts with an engine that does not have the image, as on a fresh runner.
"""

import json
import shutil
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench import ACCOUNT, ECR, REPOSITORY, ROOT, Bench, commit, configuration, definition, execute, push
from measure import CPU, PEAK, SECONDS, Command, Sample, run, say
from report import Found, Goal, at_most, number
from wire import CLUSTER, Failed, ask, send

# The source's registry and one that shares nothing with it, each standing for the ECR of a region.
HERE, THERE = "eu-central-1", "eu-north-1"
LAYERS, UNPROVEN = 4, 9
FASTER, MOST = 5, 64
WRITTEN = "written there, MiB"
# `AWS:ministack-auth-token`, which the emulator hands out as the registry's login.
LOGIN = "QVdTOm1pbmlzdGFjay1hdXRoLXRva2Vu"
PULL_TAG_PUSH = 'docker pull --quiet "$0" && docker tag "$0" "$1" && docker push --quiet "$1"'
# A function of scripts/lib/registry.sh.
CALL = """set -euo pipefail
for part in common process registry; do source "$0/$part.sh"; done
state=$1 registry_port=$2 registry=http://localhost:$2
"$3"
"""
TARGET = """
[environments.{name}]
region = "{region}"
promotes-from = "source"
gates = {{ approval = "none" }}
components.c0 = {{ service = "large-{name}", repository = "{repository}" }}
"""


class Way(NamedTuple):
    """Where a promotion goes from the repository."""

    name: str
    about: str
    region: str
    repository: str

    def row(self, title: str) -> str:
        return f"{self.about}: {title}"


WAYS = (
    Way("same", "in the same repository", HERE, REPOSITORY),
    Way("beside", "to another repository of the registry", HERE, "large-beside"),
    Way("across", "to another registry", THERE, "large-across"),
)
ROWS = tuple(way.row(title) for way in WAYS for title in (SECONDS, WRITTEN, PEAK, CPU))


class Registry:
    """One like the local cloud's, but whose disk and answers nothing else uses. The kernel counts what it writes."""

    def __init__(self, bench: Bench, state: Path) -> None:
        (state / "log").mkdir(parents=True)
        # A port that the kernel picks: those around the stack's own are taken by its other services.
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.state, self.port = state, str(found.getsockname()[1])
        self.address = f"localhost:{self.port}"
        bench.made.callback(self.call, "stop_registry")
        self.call("ensure_registry")

    def call(self, function: str) -> None:
        execute("bash", "-c", CALL, ROOT / "scripts/lib", self.state, self.port, function)

    def written(self) -> float:
        process = (self.state / "registry.pid").read_text().split()[0]
        lines = Path(f"/proc/{process}/io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("wchar:")) / 2**20


class Stage:
    """A large image in one registry, and an environment to promote to for each way."""

    def __init__(self, bench: Bench, directory: Path, size: int) -> None:
        self.directory = directory
        self.registries = {region: Registry(bench, directory / region) for region in (HERE, THERE)}
        environments = [f'[environments.source]\nregion = "{HERE}"\n', *(TARGET.format(**it._asdict()) for it in WAYS)]
        files = {"shipgate.toml": configuration(["large-source"], "".join(environments))}
        self.sha = commit(directory / "repository", files)
        self.source = f"{self.registries[HERE].address}/{REPOSITORY}:{self.sha}"
        auths = {registry.address: {"auth": LOGIN} for registry in self.registries.values()}
        (directory / "config.json").write_text(json.dumps({"auths": auths}))
        hosts = [f"{ECR.format(region)}=http://{it.address}" for region, it in self.registries.items()]
        own = {"SHIPGATE_REGISTRY_HOSTS": ",".join(hosts), "DOCKER_CONFIG": str(directory)}
        self.variables = {**bench.variables(bench.endpoint, bench.endpoint), **own}
        self.make_image(size)
        self.make_services(bench)

    def make_image(self, size: int) -> None:
        """Layers of noise, which no compression makes smaller."""
        say(f"making an image of {size} MiB")
        context, layers = self.directory / "image", [f"noise{number}" for number in range(LAYERS)]
        lines = ["FROM scratch", *(f"COPY {layer} /" for layer in layers), 'CMD ["/none"]']
        context.mkdir()
        (context / "Dockerfile").write_text("\n".join(lines))
        for layer in layers:
            execute("dd", "if=/dev/urandom", f"of={context / layer}", "bs=1M", f"count={size // LAYERS}")
        push(context, self.sha, self.source, "--config", self.directory)
        forget(self.source)

    def make_services(self, bench: Bench) -> None:
        """Those want no task."""
        arn, digest = f"arn:aws:ecs:{HERE}:{ACCOUNT}", self.digest(WAYS[0])
        # As of the first release of a service that was there before: all of shipgate's tags, or they prove nothing.
        ledger = {"sha": self.sha, "digest": digest, "outcome": "deployed", "run": "bench",
                  "at": "2026-11-21T04:00:00Z", "service": f"{arn}:service/{CLUSTER}/large-source",
                  "previous": f"{arn}:task-definition/large-source:0"}  # fmt: skip
        tags = [{"key": f"shipgate:{key}", "value": value} for key, value in ledger.items()]
        released = definition("large-source", f"{self.source}@{digest}", dockerLabels={"shipgate.sha": self.sha})
        bench.create(HERE, {**released, "tags": tags}, desiredCount=0)
        for way in WAYS:
            bench.create(way.region, definition(f"large-{way.name}", "bootstrap"), desiredCount=0)
            ask(bench.endpoint, "ecr:CreateRepository", way.region, repositoryName=way.repository)

    def digest(self, way: Way) -> str:
        headers = {"Authorization": f"Basic {LOGIN}", "Accept": "application/vnd.docker.distribution.manifest.v2+json"}
        path = f"/v2/{way.repository}/manifests/{self.sha}"
        answer = send(f"http://{self.registries[way.region].address}", "HEAD", path, headers)
        return answer.headers.get("Docker-Content-Digest", "nothing")

    def measure(self, way: Way, tool: str, *arguments: str | Path, code: int = 0) -> Sample:
        # What the target's registry writes: to its disk, and as answers.
        registry, command = self.registries[way.region], Command(arguments, self.directory / "repository")
        before = registry.written()
        cost = run(tool, command, self.variables, self.directory / f"{tool}-{way.name}.log", code)
        figures = {**cost.figures, WRITTEN: registry.written() - before}
        say(f"{way.about}: {tool} {figures[SECONDS]:.1f} s")
        return Sample(tool, {way.row(title): value for title, value in figures.items()})


def forget(*images: str) -> None:
    """Takes the images off the engine, with their layers."""
    execute("docker", "rmi", "--force", *images)
    execute("docker", "image", "prune", "--force")


def promotions(bench: Bench, size: int) -> Iterator[Sample]:
    """Each round with an image and registries of its own, since a registry keeps what it has."""
    for turn in range(1, bench.rounds + 1):
        say(f"round {turn} of {bench.rounds}")
        stage = Stage(bench, bench.directory / f"round{turn}", size)
        for way in WAYS:
            line = (bench.binary, "promote", way.name, "--release", stage.sha)
            yield stage.measure(way, "shipgate", *line, code=UNPROVEN)
            # What it brought there is what the source has, byte for byte.
            if stage.digest(way) != stage.digest(WAYS[0]):
                raise Failed(f"{way.repository} has {stage.digest(way)}, the source has {stage.digest(WAYS[0])}")
            # In one repository docker has no way, and needs none.
            if way.repository != REPOSITORY and not bench.alone:
                # To a repository of its own, so that neither finds what the other brought.
                target = f"{stage.registries[way.region].address}/{way.repository}-docker:{stage.sha}"
                yield stage.measure(way, "docker", "sh", "-c", PULL_TAG_PUSH, stage.source, target)
                forget(stage.source, target)
        bench.clean_up()
        shutil.rmtree(stage.directory)


def goals(found: Found, size: int) -> Iterable[Goal]:
    for way in WAYS:
        # A manifest, a configuration and answers are written, too.
        most = size * 1.02 if way.region == THERE else 1
        yield at_most(f"{way.about}: written", found(way.row(WRITTEN)), most, " MiB")
        if found.all(way.row(SECONDS), "docker"):
            ratio = found(way.row(SECONDS), "docker") / found(way.row(SECONDS))
            yield Goal(f"{way.about}: {FASTER} times as fast as docker", f"{number(ratio)}x", ratio >= FASTER)
    yield at_most("peak memory", max(found(way.row(PEAK), by=max) for way in WAYS), MOST, " MiB")
