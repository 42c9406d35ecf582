"""What is deployed and where: two images, one git repository, one cluster with services of one shape."""

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

REGION = "us-east-1"
CLUSTER = "bench"
CONTAINER = "web"
REPOSITORY = "bench-web"
PATIENCE = 60.0

CONFIGURATION = f"""\
app = "bench"

[components.web]
kind = "ecs"
build = {{ context = "." }}
container = "{CONTAINER}"
task-definition = "live"
repository = "{REPOSITORY}"
cluster = "{CLUSTER}"
service = "${{env.BENCH_SERVICE}}"

[environments.bench]
region = "{REGION}"
account = "000000000000"
"""
# Nothing in it is built while a tool is measured.
DOCKERFILE = """\
FROM scratch
COPY cloudshop products.json /
EXPOSE 8000
ENTRYPOINT ["/cloudshop"]
"""


@dataclass(frozen=True)
class Release:
    sha: str
    image: str


class Scene:
    def __init__(self, endpoint: str, registry_hosts: str, directory: Path, sources: Path) -> None:
        self.address = address_of(endpoint)
        self.registry_hosts = registry_hosts
        self.directory = directory
        self.sources = sources
        self.repository = directory / "repository"
        self.variables = tool_variables(directory)
        self.services: list[str] = []
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(read_timeout=60, retries={"total_max_attempts": 1})
        self.ecs = boto3.client("ecs", endpoint_url=endpoint, region_name=REGION, config=config, **keys)
        self.ecr = boto3.client("ecr", endpoint_url=endpoint, region_name=REGION, config=config, **keys)

    # --- made once

    def make_releases(self) -> list[Release]:
        """Two commits, each with its image in the registry, so that no tool has to build."""
        self.repository.mkdir(parents=True)
        (self.directory / "home").mkdir()
        (self.repository / "shipgate.toml").write_text(CONFIGURATION)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("config", "user.name", "bench")
        self.git("config", "user.email", "bench@example.invalid")
        self.git("config", "commit.gpgsign", "false")
        (self.sources / "Dockerfile").write_text(DOCKERFILE)
        if not any(found["repositoryName"] == REPOSITORY for found in self.ecr.describe_repositories()["repositories"]):
            self.ecr.create_repository(repositoryName=REPOSITORY)
        return [self.make_release(letter) for letter in "AB"]

    def make_release(self, letter: str) -> Release:
        (self.repository / "release.txt").write_text(f"{letter}\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Release {letter}")
        sha = self.git("rev-parse", "HEAD").strip()
        # The name that the container engine, too, reaches the emulator's registry by.
        image = f"localhost:{self.address[1]}/{REPOSITORY}:{sha}"
        label = f"org.opencontainers.image.revision={sha}"
        run("docker", "build", "--quiet", "--label", label, "--tag", image, str(self.sources))
        run("docker", "push", image)
        return Release(sha, image)

    def make_service(self, name: str, release: Release) -> None:
        """A service that is gone when the bench ends, with one task."""
        if not any(found["status"] == "ACTIVE" for found in self.ecs.describe_clusters(clusters=[CLUSTER])["clusters"]):
            self.ecs.create_cluster(clusterName=CLUSTER)
        definition = self.ecs.register_task_definition(**self.definition(name, release))
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-00000001"], "assignPublicIp": "ENABLED"}},
            deploymentConfiguration={
                "maximumPercent": 200,
                "minimumHealthyPercent": 100,
                "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            },
        )
        self.services.append(name)
        deadline = time.monotonic() + PATIENCE
        while self.ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0]["runningCount"] < 1:
            if time.monotonic() > deadline:
                raise TimeoutError(f"service {name} does not start")
            time.sleep(0.1)

    def definition(self, family: str, release: Release) -> dict[str, Any]:
        container = {
            "name": CONTAINER,
            "image": release.image,
            "essential": True,
            "portMappings": [{"containerPort": 8000, "protocol": "tcp"}],
            "environment": [{"name": "SHOP_NAME", "value": "bench"}, {"name": "LOG_LEVEL", "value": "info"}],
        }
        return {
            "family": family,
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [container],
        }

    def remove_services(self) -> None:
        """As far as the emulator is still there: whoever interrupts the bench interrupts that, too."""
        with contextlib.suppress(BotoCoreError, ClientError):
            for name in self.services:
                self.ecs.delete_service(cluster=CLUSTER, service=name, force=True)

    # --- changed between runs

    def check_out(self, release: Release) -> None:
        self.git("checkout", "--quiet", "--detach", release.sha)

    def git(self, *arguments: str) -> str:
        return run("git", "-C", str(self.repository), *arguments)


def address_of(endpoint: str) -> tuple[str, int]:
    parts = urlsplit(endpoint)
    if parts.hostname is None or parts.port is None:
        raise ValueError(f"the emulator's address {endpoint} has no host and port")
    return parts.hostname, parts.port


def tool_variables(directory: Path) -> dict[str, str]:
    """All that a tool sees of the environment: neither this machine's AWS settings nor its home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(directory / "home"),
        "LANG": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout
