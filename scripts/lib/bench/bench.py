"""What every experiment is given: the options, the local cloud, and a git repository with releases."""

import argparse
import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wire import CLUSTER, REGION, Failed, Json, ask, describe

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "000000000000"
ECR = ACCOUNT + ".dkr.ecr.{}.amazonaws.com"
CONTAINER, REPOSITORY = "web", "bench-web"
# Names of this run's own, so that no service has revisions of another run in its past.
PREFIX = f"bench-{os.getpid()}"
ENVIRONMENT = f'[environments.bench]\nregion = "{REGION}"\naccount = "{ACCOUNT}"\n'
# What the stack's own services start with. Nothing is built while a program is measured.
SHOP = "stage-cloudshop-backend:bootstrap"


def configuration(services: Sequence[str], environments: str = ENVIRONMENT, settle: str = "0s") -> str:
    """One component for each service; the first one's image is that of all. What is timed ends with its rollout."""
    text = 'app = "bench"\n'
    for index, service in enumerate(services):
        image = 'image-from = "c0"' if index else f'build = {{ context = "." }}\nrepository = "{REPOSITORY}"'
        text += f'[components.c{index}]\nkind = "ecs"\nsettle = "{settle}"\n{image}\ncontainer = "{CONTAINER}"\n'
        text += f'cluster = "{CLUSTER}"\nservice = "{service}"\n'
    return text + environments


def definition(family: str, image: str, **more: Any) -> Json:
    container = {"name": CONTAINER, "image": image, "essential": True, "memory": 64, **more}
    return {"family": family, "containerDefinitions": [container]}


class Release(NamedTuple):
    sha: str
    image: str


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
        self.smoke, self.alone = options.smoke, options.alone
        # Peers from PyPI.
        self.with_installed = not (self.smoke or self.alone)
        self.rounds = 1 if self.smoke else options.rounds
        self.endpoint, self.binary = os.environ["AWS_ENDPOINT_URL"], Path(os.environ["SHIPGATE_BINARY"])
        self.peers, self.directory = ROOT / "target/bench-venv/bin", ROOT / "target/bench/run"
        self.repository, self.releases = self.directory / "repository", list[Release]()
        # What removes that which an experiment made outside of its directory.
        self.made = contextlib.ExitStack()

    def variables(self, endpoint: str, registry: str) -> dict[str, str]:
        """All that a program sees of the environment: neither this machine's AWS settings nor its home."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
        places = {"PATH": os.environ["PATH"], "HOME": str(home), "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        hosts = {"AWS_ENDPOINT_URL": endpoint, "SHIPGATE_REGISTRY_HOSTS": f"{ECR.format(REGION)}={registry}"}
        return {**keys, **places, **hosts, "LANG": "C.UTF-8"}

    def release(self) -> Release:
        """One that is newer than those before: a commit that is checked out, whose image is there already."""
        ask(self.endpoint, "ecr:CreateRepository", repositoryName=REPOSITORY)
        # By the name that the container engine, too, reaches the emulator's registry by.
        host = f"localhost:{self.endpoint.rsplit(':', 1)[1]}"
        # The configuration is no part of a release: each experiment can write its own.
        files = {"Dockerfile": f"FROM {host}/{SHOP}\n", ".gitignore": "shipgate.toml\n"}
        files["shipgate.toml"] = configuration(["${env.BENCH_SERVICE}"])
        sha = commit(self.repository, {**files, "release.txt": str(len(self.releases))})
        self.releases.append(Release(sha, f"{host}/{REPOSITORY}:{sha}"))
        push(self.repository, *self.releases[-1])
        return self.releases[-1]

    def create(self, region: str, revision: Json, **more: Any) -> None:
        """A service of the same name as the revision's family."""
        ask(self.endpoint, "ecs:CreateCluster", region, clusterName=CLUSTER)
        made = ask(self.endpoint, "ecs:RegisterTaskDefinition", region, **revision)["taskDefinition"]
        more |= {"cluster": CLUSTER, "serviceName": made["family"], "taskDefinition": made["taskDefinitionArn"]}
        ask(self.endpoint, "ecs:CreateService", region, **more)
        gone = {"cluster": CLUSTER, "service": made["family"], "force": True}
        self.made.callback(ask, self.endpoint, "ecs:DeleteService", region, **gone)

    def start(self, names: Sequence[str], release: Release) -> None:
        """Services with one task each, which runs when this returns."""
        breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
        for name in names:
            self.create(REGION, definition(name, release.image), desiredCount=1, deploymentConfiguration=breaker)
        deadline = time.monotonic() + 60 + len(names)
        for name in names:
            while describe(self.endpoint, name)["runningCount"] < 1:
                if time.monotonic() > deadline:
                    raise Failed(f"service {name} does not start")
                time.sleep(0.1)

    def clean_up(self) -> None:
        """As far as the emulator is still there: an interrupt of the bench interrupts that, too."""
        with contextlib.suppress(Failed, OSError):
            self.made.close()
