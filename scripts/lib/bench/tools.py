"""The programs that are measured, and how each is told to deploy an image that is already pushed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scene import CLUSTER, CONTAINER, Release, Scene

HERE = Path(__file__).resolve().parent


class ToolFailed(Exception):
    """A measured program did not do its work: nothing it cost is worth anything."""


@dataclass(frozen=True)
class Command:
    arguments: list[str]
    directory: Path
    variables: Mapping[str, str]


class Tool(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...

    def command(self, scene: Scene, service: str, release: Release, patience: int) -> Command:
        """What deploys `release` to `service` and waits at most `patience` seconds."""
        ...


@dataclass(frozen=True)
class Shipgate:
    binary: Path
    name: str = "shipgate"
    about: str = "looks the image up, plans, registers, updates, waits, reads back what runs"

    def command(self, scene: Scene, service: str, release: Release, patience: int) -> Command:
        del patience  # 30 minutes by itself
        scene.check_out(release)
        variables = {"SHIPGATE_REGISTRY_HOSTS": scene.registry_hosts, "BENCH_SERVICE": service}
        return Command([str(self.binary), "deploy", "bench"], scene.repository, variables)


@dataclass(frozen=True)
class Fabfuel:
    bin: Path
    name: str = "ecs-deploy"
    about: str = "fabfuel's `ecs deploy CLUSTER SERVICE -i CONTAINER IMAGE`, with its defaults"

    def command(self, scene: Scene, service: str, release: Release, patience: int) -> Command:
        image = ["-i", CONTAINER, release.image]
        arguments = [str(self.bin / "ecs"), "deploy", CLUSTER, service, *image, "--timeout", str(patience)]
        return Command(arguments, scene.directory, {})


@dataclass(frozen=True)
class AwsCli:
    bin: Path
    name: str = "awscli"
    about: str = "describe and register the task definition, update-service, wait services-stable (awscli.sh)"

    def command(self, scene: Scene, service: str, release: Release, patience: int) -> Command:
        del patience  # 40 looks, 15 s apart
        arguments = ["bash", str(HERE / "awscli.sh"), CLUSTER, service, service, release.image]
        path = {"PATH": f"{self.bin}:{scene.variables['PATH']}"}
        return Command(arguments, scene.directory, path)


@dataclass(frozen=True)
class OfficialAction:
    """aws-actions/amazon-ecs-deploy-task-definition, started as a runner starts it.

    The task-definition file that it wants is there before the clock starts; in a workflow another action,
    or the AWS CLI, has to make it.
    """

    checkout: Path
    name: str = "official-action"
    about: str = "node dist/index.js: registers a file, updates, waits services-stable (the file is made before)"

    def command(self, scene: Scene, service: str, release: Release, patience: int) -> Command:
        home = scene.directory / "runner" / service
        home.mkdir(parents=True, exist_ok=True)
        definition = home / "task-definition.json"
        definition.write_text(json.dumps(scene.definition(service, release)))
        variables = {
            "INPUT_TASK-DEFINITION": str(definition),
            "INPUT_SERVICE": service,
            "INPUT_CLUSTER": CLUSTER,
            "INPUT_WAIT-FOR-SERVICE-STABILITY": "true",
            "INPUT_WAIT-FOR-MINUTES": str(patience // 60 + 1),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(home),
            "RUNNER_TEMP": str(home),
        }
        for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
            variables[name] = str(home / name)
            Path(variables[name]).touch()
        return Command(["node", str(self.checkout / "dist" / "index.js")], home, variables)


# --- running one ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """Times on the clock that all processes of the machine share."""

    began: float
    ended: float
    cpu: float
    peak: int


RUNNING: set[subprocess.Popen[bytes]] = set()


def run(command: Command, environment: Mapping[str, str], log: Path, limit: float, code: int = 0) -> Cost:
    """Runs a tool to its end, with nothing in its environment but what is given here. `code`: how it should end."""
    result = log.with_suffix(".json")
    result.unlink(missing_ok=True)
    measured = [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(result), *command.arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            measured,
            cwd=command.directory,
            env={**environment, **command.variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        RUNNING.add(process)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(f"it did not end within {limit:.0f} s\n{end_of(log)}") from error
        finally:
            # Whatever ends the bench also ends what it started.
            stop(process)
            RUNNING.discard(process)
    if process.returncode != 0:
        raise ToolFailed(f"it could not be started\n{end_of(log)}")
    found = json.loads(result.read_text())
    if found["code"] != code:
        raise ToolFailed(f"it ended with exit code {found['code']}\n{end_of(log)}")
    return Cost(found["began"], found["ended"], found["cpu"], found["peak"])


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def stop_all() -> None:
    for process in list(RUNNING):
        stop(process)


def end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-20:]
    return "\n".join(f"  | {line}" for line in lines) + f"\n  the whole output is in {log}"
