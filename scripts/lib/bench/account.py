"""An account of AWS in which everything goes well: services that share one image, and the registry that has it.

It speaks what a deploy needs. Each rollout takes its own time since UpdateService, however often it is polled.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any

from bench import ACCOUNT, CLUSTER, Release, definition
from promotion import LOGIN
from wire import REGION, Answer, Failed, Json, Request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:root</Arn><UserId>{ACCOUNT}</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


def arn(kind: str, name: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{name}"


def name_of(text: str) -> str:
    return text.rsplit("/", 1)[-1]


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Account:
    """`takes`: how many seconds each service's rollouts take, by its name."""

    def __init__(self, takes: dict[str, float], live: Release, image: Release) -> None:
        self.takes = takes
        self.revisions: dict[str, Json] = {}
        self.tags: dict[str, dict[str, str]] = {}
        # When each service got which revision, newest last.
        self.history: dict[str, list[tuple[float, str]]] = {}
        for name in takes:
            first = self.RegisterTaskDefinition(**definition(name, f"{live.image}@{digest(b'live')}"))
            self.history[name] = [(time.time() - 86400, first["taskDefinition"]["taskDefinitionArn"])]
        labels = {"Labels": {"org.opencontainers.image.revision": image.sha}}
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": labels}).encode()
        described = {"mediaType": CONFIG, "digest": digest(config), "size": len(config)}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}
        self.manifest = json.dumps(manifest).encode()
        self.contents = {image.sha: self.manifest, digest(self.manifest): self.manifest, digest(config): config}
        self.contents[""] = b"{}"

    def __call__(self, request: Request) -> Answer:
        if request.path.startswith("/v2/"):
            return self.from_registry(request)
        name = (request.operation or request.path).rpartition(":")[2]
        if name == "GetCallerIdentity":
            return Answer(200, {"Content-Type": "text/xml"}, IDENTITY.encode())
        answer = getattr(self, name)(**json.loads(request.body))
        return Answer(200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode())

    def from_registry(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Basic {LOGIN}":
            return Answer(401, {"Www-Authenticate": 'Basic realm="bench"'}, b"")
        content = self.contents.get(name_of(request.path))
        if content is None:
            return Answer(404, {}, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "not found"}]}')
        kind = MANIFEST if content is self.manifest else "application/octet-stream"
        return Answer(200, {"Content-Type": kind, "Docker-Content-Digest": digest(content)}, content)

    def deployments(self, name: str) -> list[Json]:
        """Newest first; the last one's task runs."""
        (created, revision), *older = self.history[name][::-1]
        done = time.time() >= created + self.takes[name]
        counts = {"desiredCount": 1, "runningCount": int(done), "pendingCount": int(not done), "failedTasks": 0}
        times = {"createdAt": created, "updatedAt": created + (self.takes[name] if done else 0)}
        new = {"id": f"ecs-svc/{len(older)}", "status": "PRIMARY", "taskDefinition": revision, **counts, **times}
        new |= {"rolloutState": "COMPLETED" if done else "IN_PROGRESS", "launchType": "FARGATE"}
        if done or not older:
            return [new]
        old = {"id": f"ecs-svc/{len(older) - 1}", "status": "ACTIVE", "taskDefinition": older[0][1], "runningCount": 1}
        return [new, {**new, **old, "pendingCount": 0, "rolloutState": "COMPLETED", "createdAt": older[0][0]}]

    def shown(self, name: str) -> Json:
        deployments = self.deployments(name)
        names = {"serviceArn": arn("service", f"{CLUSTER}/{name}"), "clusterArn": arn("cluster", CLUSTER)}
        counts = {"desiredCount": 1, "runningCount": 1, "pendingCount": 0, "createdAt": self.history[name][0][0]}
        more = {"serviceName": name, "status": "ACTIVE", "launchType": "FARGATE", "schedulingStrategy": "REPLICA"}
        return {**names, **counts, **more, "deployments": deployments, "taskDefinition": deployments[0]["taskDefinition"]}

    # --- the operations, by their names

    def GetAuthorizationToken(self, **_: Any) -> Json:
        host = f"https://{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
        return {"authorizationData": [{"authorizationToken": LOGIN, "expiresAt": 4e9, "proxyEndpoint": host}]}

    def DescribeServices(self, services: Sequence[str], **_: Any) -> Json:
        if len(services) > 10:
            raise Failed("AWS describes at most ten services a call")
        return {"services": [self.shown(name_of(service)) for service in services], "failures": []}

    def DescribeTaskDefinition(self, taskDefinition: str, **_: Any) -> Json:
        tags = [{"key": key, "value": value} for key, value in self.tags[taskDefinition].items()]
        return {"taskDefinition": self.revisions[taskDefinition], "tags": tags}

    def ListTaskDefinitions(self, familyPrefix: str, **_: Any) -> Json:
        found = [name for name, revision in list(self.revisions.items()) if revision["family"] == familyPrefix]
        return {"taskDefinitionArns": found[::-1]}

    def RegisterTaskDefinition(self, family: str, tags: Sequence[Json] = (), **more: Any) -> Json:
        number = len(self.ListTaskDefinitions(family)["taskDefinitionArns"]) + 1
        name = arn("task-definition", f"{family}:{number}")
        names = {"taskDefinitionArn": name, "family": family, "revision": number, "status": "ACTIVE"}
        self.revisions[name] = {**more, **names}
        self.tags[name] = {tag["key"]: tag["value"] for tag in tags}
        return {"taskDefinition": self.revisions[name]}

    def UpdateService(self, service: str, taskDefinition: str, **_: Any) -> Json:
        self.history[name_of(service)].append((time.time(), taskDefinition))
        return {"service": self.shown(name_of(service))}

    def TagResource(self, resourceArn: str, tags: Sequence[Json]) -> Json:
        self.tags[resourceArn] |= {tag["key"]: tag["value"] for tag in tags}
        return {}

    def ListTasks(self, serviceName: str, desiredStatus: str = "RUNNING", **_: Any) -> Json:
        return {"taskArns": [arn("task", f"{CLUSTER}/{name_of(serviceName)}")] if desiredStatus == "RUNNING" else []}

    def DescribeTasks(self, tasks: Sequence[str], **_: Any) -> Json:
        return {"tasks": [self.task(task) for task in tasks], "failures": []}

    def task(self, task: str) -> Json:
        serving = self.deployments(name_of(task))[-1]
        image = self.revisions[serving["taskDefinition"]]["containerDefinitions"][0]["image"]
        status = {"lastStatus": "RUNNING", "desiredStatus": "RUNNING", "clusterArn": arn("cluster", CLUSTER)}
        container = {"name": "web", "lastStatus": "RUNNING", "image": image, "imageDigest": image.rpartition("@")[2]}
        times = {"createdAt": serving["createdAt"], "startedAt": serving["createdAt"]}
        return {"taskArn": task, "taskDefinitionArn": serving["taskDefinition"], **status, **times, "containers": [container]}
