"""A promotion of a large image, beside what people do with docker: pull, tag, push.

Neither service wants a task, and the ledger of the source records the release's success: so a promotion is
the copy, a revision and an update, and ends as `unproven` with nothing to wait for. Docker's way does less:
it only brings the image there. It starts with an engine that does not have the image, as on a fresh runner.
"""

import base64
import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

import scene
from scenarios import say
from tools import Command, Cost, run

ACCOUNT = "000000000000"
USER, PASSWORD = "AWS", "ministack-auth-token"
# The source's registry and one that shares nothing with it, each standing for the ECR of a region.
HERE, THERE = "eu-central-1", "eu-north-1"
LAYERS = 4
UNPROVEN = 9
LIMIT = 900
MIB = 2**20

CONFIGURATION = """\
app = "bench"

[components.web]
kind = "ecs"
build = { context = "." }
container = "web"
repository = "large"
cluster = "large"
service = "large-source"

[environments.source]
region = "%s"
"""
TARGET = """
[environments.{name}]
region = "{region}"
promotes-from = "source"

[environments.{name}.gates]
approval = "none"

[environments.{name}.components.web]
service = "large-{name}"
repository = "{repository}"
"""


@dataclass(frozen=True)
class Way:
    """Where a promotion goes from the repository `large`."""

    name: str
    about: str
    region: str
    repository: str
    # Whether docker has a way at all: in one repository it needs none either.
    with_docker: bool


WAYS = (
    Way("same", "in the same repository", HERE, "large", with_docker=False),
    Way("beside", "to another repository of the registry", HERE, "large-beside", with_docker=True),
    Way("across", "to another registry", THERE, "large-across", with_docker=True),
)


@dataclass(frozen=True)
class Promotion:
    way: Way
    tool: str
    cost: Cost
    # What the target's registry wrote meanwhile: to its disk, and as answers.
    written: int

    @property
    def seconds(self) -> float:
        return self.cost.ended - self.cost.began


class Registry:
    """A registry of the bench's own, with a password. The kernel counts what it writes."""

    def __init__(self, program: Path, directory: Path, port: int) -> None:
        directory.mkdir(parents=True)
        self.address = f"localhost:{port}"
        (directory / "htpasswd").write_text(f"{USER}:{HTPASSWD}\n")
        configuration = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(directory / "data")}, "delete": {"enabled": True}},
            "http": {"addr": f"127.0.0.1:{port}", "secret": "local"},
            "auth": {"htpasswd": {"realm": "local", "path": str(directory / "htpasswd")}},
        }
        # JSON is YAML, too.
        (directory / "config.yml").write_text(json.dumps(configuration))
        with (directory / "log").open("wb") as log:
            command = [str(program), "serve", str(directory / "config.yml")]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                self.ask("GET", "/v2/")
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the registry at {self.address} does not answer")
            time.sleep(0.05)

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Mapping[str, str]:
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(f"http://{self.address}{path}", method=method)
        for name, value in {"Authorization": f"Basic {login}", **(headers or {})}.items():
            request.add_header(name, value)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return dict(answer.headers)

    def digest(self, repository: str, tag: str) -> str:
        kind = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
        return self.ask("HEAD", f"/v2/{repository}/manifests/{tag}", kind)["Docker-Content-Digest"]

    def written(self) -> int:
        lines = Path(f"/proc/{self.process.pid}/io").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("wchar:")).split()[1])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def free_port() -> int:
    """One that the kernel picks: those around the stack's own are taken by its other services."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


# The password by bcrypt.
HTPASSWD = "$2y$05$abcdefghijklmnopqrstuuFFQ5DfMj2V4Jq9Io6PVWpPfmII0G5FG"


class Stage:
    """A large image in one registry, and an environment to promote to for each way."""

    def __init__(self, endpoint: str, directory: Path, size: int, program: Path) -> None:
        self.endpoint, self.directory, self.size = endpoint, directory, size
        self.registries: dict[str, Registry] = {}
        self.registries[HERE] = Registry(program, directory / "here", free_port())
        self.registries[THERE] = Registry(program, directory / "there", free_port())
        hosts = [f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com=http://{it.address}" for region, it in self.items()]
        self.variables = {
            **scene.tool_variables(directory),
            "AWS_ENDPOINT_URL": endpoint,
            "SHIPGATE_REGISTRY_HOSTS": ",".join(hosts),
            "DOCKER_CONFIG": str(self.write_docker_config()),
        }
        self.repository = directory / "repository"
        self.sha = ""

    def items(self) -> Sequence[tuple[str, Registry]]:
        return list(self.registries.items())

    def write_docker_config(self) -> Path:
        config = self.directory / "docker"
        config.mkdir()
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        auths = {registry.address: {"auth": login} for _, registry in self.items()}
        (config / "config.json").write_text(json.dumps({"auths": auths}))
        return config

    def client(self, service: str, region: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(read_timeout=60, retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.endpoint, region_name=region, config=config, **keys)

    # --- made once

    def make(self) -> None:
        self.commit()
        say(f"making an image of {self.size // MIB} MiB")
        self.push_image()
        digest = self.registries[HERE].digest("large", self.sha)
        image = f"{self.registries[HERE].address}/large:{self.sha}@{digest}"
        service = f"arn:aws:ecs:{HERE}:{ACCOUNT}:service/large/large-source"
        ledger = {"shipgate:sha": self.sha, "shipgate:digest": digest, "shipgate:outcome": "deployed"}
        ledger |= {"shipgate:service": service, "shipgate:run": "bench", "shipgate:at": "2026-11-21T04:00:00Z"}
        # As the first release of a service that was there before: a revision has all of shipgate's tags, or proves nothing.
        ledger["shipgate:previous"] = f"arn:aws:ecs:{HERE}:{ACCOUNT}:task-definition/large-source:0"
        self.make_service("source", HERE, image, ledger)
        for way in WAYS:
            self.make_service(way.name, way.region, "bootstrap", {})
            with contextlib.suppress(self.client("ecr", way.region).exceptions.RepositoryAlreadyExistsException):
                self.client("ecr", way.region).create_repository(repositoryName=way.repository)

    def commit(self) -> None:
        self.repository.mkdir()
        targets = [TARGET.format(**vars(way)) for way in WAYS]
        (self.repository / "shipgate.toml").write_text(CONFIGURATION % HERE + "".join(targets))
        scene.run("git", "init", "--quiet", "--initial-branch", "main", str(self.repository))
        git = ("git", "-C", str(self.repository), "-c", "user.name=bench", "-c", "user.email=bench@example.invalid")
        scene.run(*git, "add", "--all")
        scene.run(*git, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "Large")
        self.sha = scene.run(*git, "rev-parse", "HEAD").strip()

    def push_image(self) -> None:
        """Layers of noise, which no compression makes smaller."""
        context = self.directory / "image"
        context.mkdir()
        lines = ["FROM scratch"]
        for number in range(LAYERS):
            with (context / f"noise{number}").open("wb") as file:
                for _ in range(self.size // LAYERS // MIB):
                    file.write(os.urandom(MIB))
            lines.append(f"COPY noise{number} /noise{number}")
        (context / "Dockerfile").write_text("\n".join([*lines, 'CMD ["/none"]']) + "\n")
        image = f"{self.registries[HERE].address}/large:{self.sha}"
        label = f"org.opencontainers.image.revision={self.sha}"
        scene.run("docker", "build", "--quiet", "--label", label, "--tag", image, str(context))
        scene.run("docker", "--config", self.variables["DOCKER_CONFIG"], "push", "--quiet", image)
        self.forget(image)

    def make_service(self, name: str, region: str, image: str, tags: Mapping[str, str]) -> None:
        ecs = self.client("ecs", region)
        ecs.create_cluster(clusterName="large")
        container = {"name": "web", "image": image, "essential": True, "memory": 64}
        if tags:
            container["dockerLabels"] = {"shipgate.sha": self.sha}
        definition = ecs.register_task_definition(
            family=f"large-{name}",
            containerDefinitions=[container],
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )
        arn = definition["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(cluster="large", serviceName=f"large-{name}", taskDefinition=arn, desiredCount=0)

    # --- measured

    def shipgate(self, binary: Path, way: Way) -> Promotion:
        command = Command([str(binary), "promote", way.name, "--release", self.sha], self.repository, {})
        return self.measure("shipgate", way, command, code=UNPROVEN)

    def docker(self, way: Way) -> Promotion:
        """To a repository of its own, so that neither finds what the other brought."""
        source = f"{self.registries[HERE].address}/large:{self.sha}"
        target = f"{self.registries[way.region].address}/{way.repository}-docker:{self.sha}"
        script = 'docker pull --quiet "$1" && docker tag "$1" "$2" && docker push --quiet "$2"'
        command = Command(["sh", "-c", script, "sh", source, target], self.directory, {})
        found = self.measure("docker", way, command, code=0)
        self.forget(source, target)
        return found

    def measure(self, tool: str, way: Way, command: Command, code: int) -> Promotion:
        registry = self.registries[way.region]
        before = registry.written()
        cost = run(command, self.variables, self.directory / f"{tool}-{way.name}.log", LIMIT, code)
        return Promotion(way, tool, cost, registry.written() - before)

    def proven(self, way: Way) -> None:
        """What shipgate brought there is what the source has, byte for byte."""
        there = self.registries[way.region].digest(way.repository, self.sha)
        here = self.registries[HERE].digest("large", self.sha)
        if there != here:
            raise RuntimeError(f"{way.repository} has {there}, the source has {here}")

    def forget(self, *images: str) -> None:
        """Takes the images off the engine, with their layers."""
        scene.run("docker", "rmi", "--force", *images)
        scene.run("docker", "image", "prune", "--force")

    def remove(self) -> None:
        for region in self.registries:
            ecs = self.client("ecs", region)
            with contextlib.suppress(Exception):
                for service in ecs.list_services(cluster="large")["serviceArns"]:
                    ecs.delete_service(cluster="large", service=service, force=True)
        for _, registry in self.items():
            registry.stop()


@contextlib.contextmanager
def stage(endpoint: str, directory: Path, size: int, program: Path) -> Iterator[Stage]:
    made = Stage(endpoint, directory, size, program)
    try:
        made.make()
        yield made
    finally:
        made.remove()


def promotions(
    endpoint: str, directory: Path, binary: Path, size: int, program: Path, rounds: int, alone: bool
) -> list[Promotion]:
    """Each round with an image and registries of its own, since a registry keeps what it has."""
    found = []
    for number in range(1, rounds + 1):
        place = directory / f"round{number}"
        place.mkdir()
        (place / "home").mkdir()
        with stage(endpoint, place, size, program) as made:
            for way in WAYS:
                found.append(made.shipgate(binary, way))
                made.proven(way)
                if way.with_docker and not alone:
                    found.append(made.docker(way))
                told = ", ".join(f"{it.tool} {it.seconds:.1f} s" for it in found if it.way == way)
                say(f"round {number} of {rounds}, {way.about}: {told}")
        scene.run("rm", "-rf", str(place))
    return found
