"""What every experiment is given: the options, the local cloud, and a git repository with two releases."""

import argparse
import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from wire import POLL, REGION, Failed, Json, ask

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "000000000000"
CLUSTER, CONTAINER, REPOSITORY = "bench", "web", "bench-web"
# Names of this run's own, so that no service has revisions of another run in its past.
PREFIX = f"bench-{os.getpid()}"
ENVIRONMENT = f'[environments.bench]\nregion = "{REGION}"\naccount = "{ACCOUNT}"\n'
# Nothing in it is built while a program is measured.
DOCKERFILE = 'FROM scratch\nCOPY cloudshop products.json /\nEXPOSE 8000\nENTRYPOINT ["/cloudshop"]\n'


def configuration(services: Sequence[str], environments: str = ENVIRONMENT) -> str:
    """One component for each service; the first one's image is that of all."""
    text = 'app = "bench"\n'
    for index, service in enumerate(services):
        image = 'image-from = "c0"' if index else f'build = {{ context = "." }}\nrepository = "{REPOSITORY}"'
        text += f'[components.c{index}]\nkind = "ecs"\n{image}\ncontainer = "{CONTAINER}"\n'
        text += f'cluster = "{CLUSTER}"\nservice = "{service}"\n'
    return text + environments


def definition(family: str, image: str) -> Json:
    fargate = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    container = {"name": CONTAINER, "image": image, "essential": True}
    container["portMappings"] = [{"containerPort": 8000, "protocol": "tcp"}]
    container["environment"] = [{"name": "SHOP_NAME", "value": "bench"}, {"name": "LOG_LEVEL", "value": "info"}]
    return {"family": family, **fargate, "containerDefinitions": [container]}


class Release(NamedTuple):
    sha: str
    image: str


def describe(endpoint: str, service: str) -> Json:
    found: list[Json] = ask(endpoint, POLL, cluster=CLUSTER, services=[service])["services"]
    return found[0]


def execute(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"`{' '.join(map(str, command))}`:\n{done.stdout}{done.stderr}")
    return done.stdout


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgsign=false")
    return execute("git", "-C", repository, *identity, *arguments).strip()


def commit(repository: Path, files: Mapping[str, str]) -> str:
    repository.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (repository / name).write_text(text)
    git(repository, "init", "--quiet", "--initial-branch", "main")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Release")
    return git(repository, "rev-parse", "HEAD")


def push(sources: Path, sha: str, image: str, *options: str | Path) -> None:
    label = f"org.opencontainers.image.revision={sha}"
    execute("docker", "build", "--quiet", "--label", label, "--tag", image, sources)
    execute("docker", *options, "push", "--quiet", image)


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.rounds, self.alone, self.smoke = options.rounds, options.alone, options.smoke
        self.endpoint, self.registry_hosts = os.environ["AWS_ENDPOINT_URL"], os.environ["SHIPGATE_REGISTRY_HOSTS"]
        self.binary, self.peers = Path(os.environ["SHIPGATE_BINARY"]), ROOT / "target/bench-venv/bin"
        self.directory, self.sources = ROOT / "target/bench/run", ROOT / "target/bench/image"
        self.repository = self.directory / "repository"
        # By region and cluster, those that are gone when the bench ends.
        self.services: list[tuple[str, str]] = []

    def variables(self, endpoint: str) -> dict[str, str]:
        """All that a program sees of the environment: neither this machine's AWS settings nor its home."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
        places = {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        return {**keys, **places, "LANG": "C.UTF-8", "AWS_ENDPOINT_URL": endpoint}

    @cached_property
    def releases(self) -> list[Release]:
        """The one to begin with, and the one whose deploy is measured: two commits, whose images are there already."""
        (self.sources / "Dockerfile").write_text(DOCKERFILE)
        ask(self.endpoint, "ecr:CreateRepository", repositoryName=REPOSITORY)
        config = configuration(["${env.BENCH_SERVICE}"])
        shas = [commit(self.repository, {"shipgate.toml": config, "release.txt": letter}) for letter in "AB"]
        # By the name that the container engine, too, reaches the emulator's registry by.
        host = f"localhost:{self.endpoint.rsplit(':', 1)[1]}"
        found = [Release(sha, f"{host}/{REPOSITORY}:{sha}") for sha in shas]
        for release in found:
            push(self.sources, *release)
        return found

    def check_out(self, release: Release) -> None:
        git(self.repository, "checkout", "--quiet", "--detach", release.sha)

    def create(self, name: str, region: str, revision: Json, **more: Any) -> None:
        ask(self.endpoint, "ecs:CreateCluster", region, clusterName=CLUSTER)
        made = ask(self.endpoint, "ecs:RegisterTaskDefinition", region, **revision)["taskDefinition"]
        self.services.append((region, name))
        more |= {"cluster": CLUSTER, "serviceName": name, "taskDefinition": made["taskDefinitionArn"]}
        ask(self.endpoint, "ecs:CreateService", region, **more)

    def start(self, names: Sequence[str], release: Release) -> None:
        """Services with one task each, which runs when this returns."""
        network = {"awsvpcConfiguration": {"subnets": ["subnet-00000001"], "assignPublicIp": "ENABLED"}}
        rolling: Json = {"maximumPercent": 200, "minimumHealthyPercent": 100}
        rolling["deploymentCircuitBreaker"] = {"enable": True, "rollback": True}
        more = {"networkConfiguration": network, "deploymentConfiguration": rolling, "launchType": "FARGATE"}
        for name in names:
            self.create(name, REGION, definition(name, release.image), desiredCount=1, **more)
        deadline = time.monotonic() + 60 + len(names)
        for name in names:
            while describe(self.endpoint, name)["runningCount"] < 1:
                if time.monotonic() > deadline:
                    raise Failed(f"service {name} does not start")
                time.sleep(0.1)

    def remove_services(self) -> None:
        """As far as the emulator is still there: whoever interrupts the bench interrupts that, too."""
        with contextlib.suppress(Failed, OSError):
            while self.services:
                region, name = self.services.pop()
                ask(self.endpoint, "ecs:DeleteService", region, cluster=CLUSTER, service=name, force=True)
