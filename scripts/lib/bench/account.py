"""An account of AWS in which everything goes well: services that share one image, and the registry that has it.

It speaks what a deploy needs, by shipgate or a peer. Each rollout takes its own time since UpdateService, however often
it is polled. Until then a service is shown as in the middle of a rollout: the new deployment IN_PROGRESS with nothing
running, the old one ACTIVE beside it with all its tasks, which satisfies no program that waits.
"""

import hashlib
import json
import time
from collections.abc import Sequence

from bench import ACCOUNT, CONTAINER, ECR, Release, definition
from promotion import LOGIN
from wire import CLUSTER, REGION, Answer, Failed, Json, Request, Server

# A service's last rollout did not take exactly as long as the next one: a program that plans its polls by the last one
# would poll at the very moment that the next one ends.
LAST, DAY = 0.87, 86400
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
    """`takes`: how many seconds each service's rollouts take, by its name. `releases`: those that it has images of."""

    def __init__(self, takes: dict[str, float], releases: Sequence[Release], delay: float = 0.0) -> None:
        self.takes, self.releases, self.revisions = takes, releases, dict[str, Json]()
        live = f"{releases[0].image}@sha256:{'0' * 64}"
        # When each service got which revision, and how long that took; newest first.
        self.history = {name: [(time.time() - DAY, seconds * LAST, self.register(definition(name, live)))]
                        for name, seconds in takes.items()}  # fmt: skip
        super().__init__(delay)

    def settle(self, name: str, last: float, takes: float) -> None:
        """A day after the last rollout, which took `last` seconds (0: it does not say). The next one takes `takes`."""
        self.history[name][0] = (time.time() - DAY, last, self.history[name][0][-1])
        self.takes[name] = takes

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/v2/"):
            return self.from_registry(request)
        name = (request.operation or request.path).rpartition(":")[2]
        if name == "GetCallerIdentity":
            return Answer(200, {"Content-Type": "text/xml"}, IDENTITY.encode())
        answer = getattr(self, name)(json.loads(request.body))
        return Answer(200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode())

    def from_registry(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Basic {LOGIN}":
            return Answer(401, {"Www-Authenticate": 'Basic realm="bench"'}, b"")
        kind = MANIFEST if "/manifests/" in request.path else "application/octet-stream"
        content = self.contents()[name_of(request.path)]
        return Answer(200, {"Content-Type": kind, "Docker-Content-Digest": digest(content)}, content)

    def contents(self) -> dict[str, bytes]:
        """By digest, or by tag."""
        found = {"": b"{}"}
        for release in self.releases:
            labels = {"Labels": {"org.opencontainers.image.revision": release.sha}}
            config = json.dumps({"architecture": "amd64", "os": "linux", "config": labels}).encode()
            described = {"mediaType": CONFIG, "digest": digest(config), "size": len(config)}
            manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}
            image = json.dumps(manifest).encode()
            found |= {digest(config): config, digest(image): image, release.sha: image}
        return found

    def register(self, revision: Json) -> str:
        number = len(self.ListTaskDefinitions({"familyPrefix": revision["family"]})["taskDefinitionArns"]) + 1
        name = arn("task-definition", f"{revision['family']}:{number}")
        more = {"taskDefinitionArn": name, "revision": number, "status": "ACTIVE", "volumes": []}
        self.revisions[name] = revision | more
        return name

    def shown(self, name: str) -> Json:
        """As ECS describes it, without a request that counts. The last one of its deployments has the task."""
        (created, took, revision), *older = self.history[name]
        done = time.time() >= created + took
        new = {"id": f"ecs-svc/{len(older)}", "status": "PRIMARY", "taskDefinition": revision, "launchType": "FARGATE",
               "desiredCount": 1, "runningCount": int(done), "pendingCount": int(not done), "failedTasks": 0,
               "createdAt": created, "updatedAt": created + took * done,
               "rolloutState": "COMPLETED" if done else "IN_PROGRESS"}  # fmt: skip
        old = [] if done else [
            new | {"id": f"ecs-svc/{len(older) - 1}", "status": "ACTIVE", "taskDefinition": older[0][2],
                   "createdAt": older[0][0], "rolloutState": "COMPLETED", "runningCount": 1, "pendingCount": 0}
        ]  # fmt: skip
        return {"serviceArn": arn("service", f"{CLUSTER}/{name}"), "clusterArn": arn("cluster", CLUSTER),
                "serviceName": name, "status": "ACTIVE", "launchType": "FARGATE", "schedulingStrategy": "REPLICA",
                "desiredCount": 1, "runningCount": 1, "pendingCount": 0, "createdAt": self.history[name][-1][0],
                "deployments": [new, *old], "taskDefinition": revision, "events": []}  # fmt: skip

    # --- the operations, by their names

    def GetAuthorizationToken(self, _: Json) -> Json:
        host = f"https://{ECR.format(REGION)}"
        return {"authorizationData": [{"authorizationToken": LOGIN, "expiresAt": 4e9, "proxyEndpoint": host}]}

    def DescribeServices(self, body: Json) -> Json:
        if len(body["services"]) > 10:
            raise Failed("AWS describes at most ten services a call")
        return {"services": [self.shown(name_of(service)) for service in body["services"]], "failures": []}

    def DescribeTaskDefinition(self, body: Json) -> Json:
        """The latest one, where only the family is named."""
        asked = body["taskDefinition"]
        revision = self.revisions.get(asked) or [it for it in self.revisions.values() if it["family"] == asked][-1]
        return {"taskDefinition": revision, "tags": revision.get("tags", [])}

    def DeregisterTaskDefinition(self, body: Json) -> Json:
        return {"taskDefinition": self.revisions[body["taskDefinition"]] | {"status": "INACTIVE"}}

    def ListTaskDefinitions(self, body: Json) -> Json:
        found = [name for name, it in list(self.revisions.items()) if it["family"] == body["familyPrefix"]]
        return {"taskDefinitionArns": found[::-1]}

    def RegisterTaskDefinition(self, body: Json) -> Json:
        return {"taskDefinition": self.revisions[self.register(body)]}

    def UpdateService(self, body: Json) -> Json:
        name = name_of(body["service"])
        self.history[name].insert(0, (time.time(), self.takes[name], body["taskDefinition"]))
        return {"service": self.shown(name)}

    def TagResource(self, body: Json) -> Json:
        revision = self.revisions[body["resourceArn"]]
        tags = {tag["key"]: tag for tag in [*revision.get("tags", []), *body["tags"]]}
        revision["tags"] = list(tags.values())
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
