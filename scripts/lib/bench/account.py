"""An account of AWS in which everything goes well: services that share one image, and the registry that has it.

It speaks what a deploy needs. Each rollout takes its own time since UpdateService, however often it is polled.
"""

import hashlib
import json
import time

from bench import ACCOUNT, CLUSTER, CONTAINER, Release, definition
from deploys import LAST
from promotion import LOGIN
from wire import REGION, Answer, Failed, Json, Request, Server

MANIFEST, CONFIG = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("manifest", "config"))
IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:root</Arn><UserId>{ACCOUNT}</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


def arn(kind: str, name: str) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:{kind}/{name}"


def name_of(text: str) -> str:
    return text.rsplit("/", 1)[-1]


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Account(Server):
    """`takes`: how many seconds each service's rollouts take, by its name."""

    def __init__(self, takes: dict[str, float], live: str, release: Release, delay: float) -> None:
        self.takes, self.revisions = takes, dict[str, Json]()
        # When each service got which revision, newest first.
        self.history = {name: [(time.time() - 86400, self.register(definition(name, live)))] for name in takes}
        labels = {"Labels": {"org.opencontainers.image.revision": release.sha}}
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": labels}).encode()
        described = {"mediaType": CONFIG, "digest": digest(config), "size": len(config)}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}
        self.manifest = json.dumps(manifest).encode()
        self.contents = {digest(it): it for it in (config, self.manifest)} | {release.sha: self.manifest, "": b"{}"}
        super().__init__(delay)

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/v2/"):
            return self.from_registry(request.headers.get("Authorization"), name_of(request.path))
        name = (request.operation or request.path).rpartition(":")[2]
        if name == "GetCallerIdentity":
            return Answer(200, {"Content-Type": "text/xml"}, IDENTITY.encode())
        answer = getattr(self, name)(json.loads(request.body))
        return Answer(200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode())

    def from_registry(self, login: str | None, name: str) -> Answer:
        if login != f"Basic {LOGIN}":
            return Answer(401, {"Www-Authenticate": 'Basic realm="bench"'}, b"")
        content = self.contents[name]
        kind = MANIFEST if content is self.manifest else "application/octet-stream"
        return Answer(200, {"Content-Type": kind, "Docker-Content-Digest": digest(content)}, content)

    def register(self, revision: Json) -> str:
        number = len(self.ListTaskDefinitions({"familyPrefix": revision["family"]})["taskDefinitionArns"]) + 1
        name = arn("task-definition", f"{revision['family']}:{number}")
        self.revisions[name] = revision | {"taskDefinitionArn": name, "revision": number, "status": "ACTIVE"}
        return name

    def shown(self, name: str) -> Json:
        """A service; the last one of its deployments has the task."""
        (created, revision), *older = self.history[name]
        took = self.takes[name] * (1 if older else LAST)
        done = time.time() >= created + took
        new = {"id": f"ecs-svc/{len(older)}", "status": "PRIMARY", "taskDefinition": revision, "launchType": "FARGATE",
               "desiredCount": 1, "runningCount": int(done), "pendingCount": int(not done), "failedTasks": 0,
               "createdAt": created, "updatedAt": created + took * done,
               "rolloutState": "COMPLETED" if done else "IN_PROGRESS"}  # fmt: skip
        old = [] if done else [
            new | {"id": "ecs-svc/0", "status": "ACTIVE", "taskDefinition": older[0][1], "createdAt": older[0][0],
                   "rolloutState": "COMPLETED", "runningCount": 1, "pendingCount": 0}
        ]  # fmt: skip
        return {"serviceArn": arn("service", f"{CLUSTER}/{name}"), "clusterArn": arn("cluster", CLUSTER),
                "serviceName": name, "status": "ACTIVE", "launchType": "FARGATE", "schedulingStrategy": "REPLICA",
                "desiredCount": 1, "runningCount": 1, "pendingCount": 0, "createdAt": self.history[name][-1][0],
                "deployments": [new, *old], "taskDefinition": revision}  # fmt: skip

    # --- the operations, by their names

    def GetAuthorizationToken(self, _: Json) -> Json:
        host = f"https://{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
        return {"authorizationData": [{"authorizationToken": LOGIN, "expiresAt": 4e9, "proxyEndpoint": host}]}

    def DescribeServices(self, body: Json) -> Json:
        if len(body["services"]) > 10:
            raise Failed("AWS describes at most ten services a call")
        return {"services": [self.shown(name_of(service)) for service in body["services"]], "failures": []}

    def DescribeTaskDefinition(self, body: Json) -> Json:
        revision = self.revisions[body["taskDefinition"]]
        return {"taskDefinition": revision, "tags": revision.get("tags", [])}

    def ListTaskDefinitions(self, body: Json) -> Json:
        found = [name for name, it in list(self.revisions.items()) if it["family"] == body["familyPrefix"]]
        return {"taskDefinitionArns": found[::-1]}

    def RegisterTaskDefinition(self, body: Json) -> Json:
        return {"taskDefinition": self.revisions[self.register(body)]}

    def UpdateService(self, body: Json) -> Json:
        self.history[name_of(body["service"])].insert(0, (time.time(), body["taskDefinition"]))
        return {"service": self.shown(name_of(body["service"]))}

    def TagResource(self, body: Json) -> Json:
        self.revisions[body["resourceArn"]].setdefault("tags", []).extend(body["tags"])
        return {}

    def ListTasks(self, body: Json) -> Json:
        runs = body.get("desiredStatus") != "STOPPED"
        return {"taskArns": [arn("task", f"{CLUSTER}/{name_of(body['serviceName'])}")] if runs else []}

    def DescribeTasks(self, body: Json) -> Json:
        return {"tasks": [self.task(task) for task in body["tasks"]], "failures": []}

    def task(self, task: str) -> Json:
        serving = self.shown(name_of(task))["deployments"][-1]
        image = self.revisions[serving["taskDefinition"]]["containerDefinitions"][0]["image"]
        digest = image.rpartition("@")[2]
        container = {"name": CONTAINER, "lastStatus": "RUNNING", "image": image, "imageDigest": digest}
        return {"taskArn": task, "taskDefinitionArn": serving["taskDefinition"], "clusterArn": arn("cluster", CLUSTER),
                "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "createdAt": serving["createdAt"],
                "startedAt": serving["createdAt"], "containers": [container]}  # fmt: skip
