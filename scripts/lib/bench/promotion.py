"""A promotion of a large image, beside what people do with docker: pull, tag, push.

Neither service wants a task, and the ledger of the source records the release's success: so a promotion is the copy, a
revision and an update, and ends as `unproven` with nothing to wait for. Docker's way does less: it only brings the
image there. It starts with an engine that does not have the image, as on a fresh runner.
"""

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench import ACCOUNT, CLUSTER, CONTAINER, REPOSITORY, ROOT, Bench, commit, configuration, execute, push
from measure import CPU, PEAK, SECONDS, Command, Sample, run, say
from report import Found, Goal, at_most, number
from wire import Failed, Json, ask, send

# The source's registry and one that shares nothing with it, each standing for the ECR of a region.
HERE, THERE = "eu-central-1", "eu-north-1"
LAYERS, UNPROVEN, LIMIT = 4, 9, 900
FASTER, MOST = 5, 64
WRITTEN = "written there, MiB"
# What the emulator hands out as the registry's login.
LOGIN = base64.b64encode(b"AWS:ministack-auth-token").decode()
WRITE_CONFIG = 'source "$0"; write_registry_config "$@"'
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
    """A registry of the bench's own, with a password. The kernel counts what it writes."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        # A port that the kernel picks: those around the stack's own are taken by its other services.
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        self.address = f"localhost:{port}"
        execute("bash", "-c", WRITE_CONFIG, ROOT / "scripts/lib/registry.sh", directory / "registry", str(port))
        with (directory / "log").open("wb") as log:
            command: list[str | Path] = [os.environ["BENCH_REGISTRY"], "serve", directory / "registry.yml"]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def digest(self, repository: str, tag: str) -> str:
        headers = {"Authorization": f"Basic {LOGIN}", "Accept": "application/vnd.docker.distribution.manifest.v2+json"}
        answer = send(f"http://{self.address}", "HEAD", f"/v2/{repository}/manifests/{tag}", headers)
        return answer.headers.get("Docker-Content-Digest", "nothing")

    def written(self) -> float:
        lines = Path(f"/proc/{self.process.pid}/io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("wchar:")) / 2**20

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


class Stage:
    """A large image in one registry, and an environment to promote to for each way."""

    def __init__(self, bench: Bench, directory: Path, registries: dict[str, Registry]) -> None:
        self.bench, self.directory, self.registries = bench, directory, registries
        environments = [f'[environments.source]\nregion = "{HERE}"\n', *(TARGET.format(**it._asdict()) for it in WAYS)]
        files = {"shipgate.toml": configuration(["large-source"], "".join(environments))}
        self.sha = commit(directory / "repository", files)
        self.source = f"{registries[HERE].address}/{REPOSITORY}:{self.sha}"
        hosts = [f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com=http://{it.address}" for region, it in registries.items()]
        (directory / "docker").mkdir()
        auths = {registry.address: {"auth": LOGIN} for registry in registries.values()}
        (directory / "docker/config.json").write_text(json.dumps({"auths": auths}))
        self.variables = {**bench.variables(bench.endpoint), "SHIPGATE_REGISTRY_HOSTS": ",".join(hosts)}
        self.variables["DOCKER_CONFIG"] = str(directory / "docker")

    def make(self, size: int) -> None:
        """Layers of noise, which no compression makes smaller, and services that want no task."""
        say(f"making an image of {size} MiB")
        context, layers = self.directory / "image", [f"noise{number}" for number in range(LAYERS)]
        context.mkdir()
        for layer in layers:
            with (context / layer).open("wb") as file:
                file.writelines(os.urandom(2**20) for _ in range(size // LAYERS))
        lines = ["FROM scratch", *(f"COPY {layer} /" for layer in layers), 'CMD ["/none"]']
        (context / "Dockerfile").write_text("\n".join(lines))
        retries = ("--retry", "30", "--retry-delay", "1", "--retry-connrefused")
        for registry in self.registries.values():
            execute("curl", "--silent", "--noproxy", "*", *retries, f"http://{registry.address}/v2/")
        push(context, self.sha, self.source, "--config", self.variables["DOCKER_CONFIG"])
        forget(self.source)
        arn, digest = f"arn:aws:ecs:{HERE}:{ACCOUNT}", self.digest(WAYS[0])
        # As of the first release of a service that was there before: all of shipgate's tags, or they prove nothing.
        ledger = {"sha": self.sha, "digest": digest, "outcome": "deployed", "run": "bench",
                  "at": "2026-11-21T04:00:00Z", "service": f"{arn}:service/{CLUSTER}/large-source",
                  "previous": f"{arn}:task-definition/large-source:0"}  # fmt: skip
        tags = [{"key": f"shipgate:{key}", "value": value} for key, value in ledger.items()]
        labels = {"dockerLabels": {"shipgate.sha": self.sha}}
        self.make_service("source", HERE, f"{self.source}@{digest}", labels, tags=tags)
        for way in WAYS:
            self.make_service(way.name, way.region, "bootstrap", {})
            ask(self.bench.endpoint, "ecr:CreateRepository", way.region, repositoryName=way.repository)

    def make_service(self, name: str, region: str, image: str, labels: Json, **more: Any) -> None:
        container = {"name": CONTAINER, "image": image, "essential": True, "memory": 64, **labels}
        revision = {"family": f"large-{name}", "containerDefinitions": [container], **more}
        self.bench.create(f"large-{name}", region, revision, desiredCount=0)

    def digest(self, way: Way) -> str:
        return self.registries[way.region].digest(way.repository, self.sha)

    def shipgate(self, way: Way) -> Sample:
        line = [self.bench.binary, "promote", way.name, "--release", self.sha]
        sample = self.measure("shipgate", way, Command(line, self.directory / "repository"), UNPROVEN)
        # What it brought there is what the source has, byte for byte.
        if self.digest(way) != self.digest(WAYS[0]):
            raise Failed(f"{way.repository} has {self.digest(way)}, the source has {self.digest(WAYS[0])}")
        return sample

    def docker(self, way: Way) -> Sample:
        """To a repository of its own, so that neither finds what the other brought."""
        target = f"{self.registries[way.region].address}/{way.repository}-docker:{self.sha}"
        script = 'docker pull --quiet "$1" && docker tag "$1" "$2" && docker push --quiet "$2"'
        command = Command(["sh", "-c", script, "sh", self.source, target], self.directory)
        sample = self.measure("docker", way, command, 0)
        forget(self.source, target)
        return sample

    def measure(self, tool: str, way: Way, command: Command, code: int) -> Sample:
        # What the target's registry writes: to its disk, and as answers.
        registry = self.registries[way.region]
        before = registry.written()
        cost = run(tool, command, self.variables, self.directory / f"{tool}-{way.name}.log", LIMIT, code)
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
        directory = bench.directory / f"round{turn}"
        with contextlib.ExitStack() as started:
            registries = {region: Registry(directory / region) for region in (HERE, THERE)}
            for registry in registries.values():
                started.callback(registry.stop)
            started.callback(bench.remove_services)
            stage = Stage(bench, directory, registries)
            stage.make(size)
            for way in WAYS:
                yield stage.shipgate(way)
                # In one repository docker has no way, and needs none.
                if way.repository != REPOSITORY and not bench.alone:
                    yield stage.docker(way)
        shutil.rmtree(directory)


def goals(found: Found, size: int) -> Iterable[Goal]:
    for way in WAYS:
        # A manifest, a configuration and answers are written, too.
        most = size * 1.02 if way.region == THERE else 1
        yield at_most(f"{way.about}: written", found(way.row(WRITTEN)), most, " MiB")
        if found.all(way.row(SECONDS), "docker"):
            ratio = found(way.row(SECONDS), "docker") / found(way.row(SECONDS))
            yield Goal(f"{way.about}: {FASTER} times as fast as docker", f"{number(ratio)}x", ratio >= FASTER)
    yield at_most("peak memory", max(found(way.row(PEAK), by=max) for way in WAYS), MOST, " MiB")
