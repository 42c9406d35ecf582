"""When ECS was done, seen by somebody else than the measured tool.

A thread asks the emulator itself (not the proxy) for the service every 20 ms over one connection, from
before the tool starts. A look takes about a millisecond, so the times are right to about 20 ms, late
rather than early.
"""

import http.client
import json
import threading
import time
from typing import Any

INTERVAL = 0.02
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeServices",
    # Not signed, only addressed: the bench's emulator does not verify signatures.
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ecs/aws4_request, "
    "SignedHeaders=host, Signature=0",
}


class Observer:
    """Watches one service from the moment it is made until the rollout that begins after that is over."""

    def __init__(self, address: tuple[str, int], cluster: str, service: str) -> None:
        self.connection = http.client.HTTPConnection(*address, timeout=30)
        self.question = json.dumps({"cluster": cluster, "services": [service]})
        self.before = self.look()["taskDefinition"]
        # When the update was seen, the new deployment COMPLETED with all its tasks, and the old one gone.
        self.updated: float | None = None
        self.completed: float | None = None
        self.alone: float | None = None
        self.problem: Exception | None = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, name="observer", daemon=True)
        self.thread.start()

    def look(self) -> dict[str, Any]:
        self.connection.request("POST", "/", self.question, HEADERS)
        return json.loads(self.connection.getresponse().read())["services"][0]

    def watch(self) -> None:
        try:
            while not self.over.is_set() and self.alone is None:
                self.note(self.look())
                time.sleep(INTERVAL)
        except (OSError, http.client.HTTPException, LookupError, ValueError) as error:
            self.problem = error
        finally:
            self.connection.close()

    def note(self, service: dict[str, Any]) -> None:
        now = time.monotonic()
        if service["taskDefinition"] == self.before:
            return
        self.updated = self.updated or now
        ours = next(found for found in service["deployments"] if found["status"] == "PRIMARY")
        if ours["rolloutState"] != "COMPLETED" or ours["runningCount"] < service["desiredCount"]:
            return
        self.completed = self.completed or now
        if len(service["deployments"]) == 1 and service["runningCount"] == service["desiredCount"]:
            self.alone = now

    def wait(self, seconds: float) -> None:
        """Until the rollout is over; the service is then ready for the next one."""
        self.thread.join(seconds)
        self.stop()
        if self.alone is None:
            reason = self.problem or "it goes on"
            raise TimeoutError(f"the rollout was not seen to end within {seconds:.0f} s: {reason}")

    def stop(self) -> None:
        self.over.set()
        self.thread.join()
