"""A reverse proxy in front of the emulator that counts AWS calls, and can make rollouts take longer.

Each measured program gets a `Lane`, with a port of its own, so that a call is attributed by where it
arrives. Bytes are passed on as they come; only AWS calls (they are small) are read whole, to know
their operation. A request that is sent again after an error counts again: it was a call.
"""

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

Json = dict[str, Any]
CHUNK = 64 * 1024


# --- what is known about a lane ---------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    at: float
    operation: str


@dataclass
class Lane:
    """One program's way to the emulator."""

    name: str
    # How long rollouts seem to take; None: as long as they take.
    hold: "Hold | None" = None
    port: int = 0
    calls: list[Call] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        self.calls = []


@dataclass
class Hold:
    """Makes every rollout of a lane look as if it took `seconds` since UpdateService.

    Until then the service is shown as ECS shows one in the middle of a rollout: the new deployment
    IN_PROGRESS with nothing running, the old one ACTIVE beside it with all its tasks. Neither
    `services-stable` (one deployment, all tasks run) nor fabfuel's check (the same) is satisfied by it,
    nor is a rolloutState. The emulator itself is not slowed down.
    """

    seconds: float
    # How long finished deployments took, as their times tell; None: they do not tell.
    last: float | None
    began: float | None = None
    replaced: Json | None = None

    @property
    def ends(self) -> float | None:
        return None if self.began is None else self.began + self.seconds

    def rewrite(self, operation: str, body: bytes) -> bytes:
        answer = json.loads(body)
        if operation == "ecs:UpdateService" and "service" in answer:
            self.begin(answer["service"])
            self.show(answer["service"])
        for service in answer.get("services", []):
            self.show(service)
        return json.dumps(answer).encode()

    def begin(self, service: Json) -> None:
        others = [found for found in service["deployments"] if found["status"] != "PRIMARY"]
        if others:
            self.began = time.monotonic()
            self.replaced = others[0]

    def show(self, service: Json) -> None:
        for deployment in service["deployments"]:
            self.show_age(deployment)
        if self.ends is not None and time.monotonic() < self.ends:
            self.show_in_progress(service)

    def show_age(self, deployment: Json) -> None:
        if deployment["rolloutState"] == "COMPLETED":
            deployment["updatedAt"] = deployment["createdAt"] + (self.last or 0)

    def show_in_progress(self, service: Json) -> None:
        assert self.replaced is not None
        desired = service["desiredCount"]
        ours = next(found for found in service["deployments"] if found["status"] == "PRIMARY")
        ours |= {
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": f"ECS deployment {ours['id']} in progress.",
            "runningCount": 0,
            "pendingCount": desired,
            "updatedAt": ours["createdAt"],
        }
        old = self.replaced | {"status": "ACTIVE", "runningCount": desired, "pendingCount": 0}
        service |= {"deployments": [ours, old], "runningCount": desired, "pendingCount": desired}


# --- HTTP -------------------------------------------------------------------------------------------


@dataclass
class Head:
    """The first lines of a message, as they came, and the headers by their names in lower case."""

    raw: bytes
    headers: dict[str, str]

    @property
    def chunked(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    @property
    def has_body(self) -> bool:
        return self.chunked or self.length > 0

    def with_length(self, length: int) -> bytes:
        lines = [line for line in self.raw.split(b"\r\n")[:-2] if not line.lower().startswith(b"content-length:")]
        return b"\r\n".join([*lines, f"Content-Length: {length}".encode(), b"", b""])


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """None: the other side has closed the connection."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    lines = raw.decode("latin-1").split("\r\n")[1:-2]
    pairs = (line.split(":", 1) for line in lines)
    return Head(raw, {name.strip().lower(): value.strip() for name, value in pairs})


async def pass_on(head: Head, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Passes a body on, a piece at a time."""
    if head.chunked:
        await pass_on_chunks(source, target)
        return
    missing = head.length
    while missing:
        piece = await source.read(min(missing, CHUNK))
        if not piece:
            raise ConnectionError("closed in the middle of a body")
        missing -= len(piece)
        target.write(piece)
        await target.drain()


async def pass_on_chunks(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    size = None
    while size != 0:
        line = await source.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        target.write(line)
        if size:
            target.write(await source.readexactly(size + 2))
        await target.drain()
    # Trailers, and the empty line that ends them.
    while line != b"\r\n":
        line = await source.readuntil(b"\r\n")
        target.write(line)
    await target.drain()


def operation_of(head: Head, body: bytes) -> str | None:
    """`ecs:DescribeServices`; None: this is no AWS call (a registry's or a site's request)."""
    target = head.headers.get("x-amz-target")
    if target:
        # AmazonEC2ContainerServiceV20141113.DescribeServices
        service, _, operation = target.partition(".")
        return f"{'ecs' if 'ContainerService' in service else service_of(head)}:{operation}"
    action = parse_qs(body.decode("latin-1")).get("Action") if head.length else None
    return f"{service_of(head)}:{action[0]}" if action else None


def service_of(head: Head) -> str:
    """From the scope of the signature: Credential=KEY/DATE/REGION/SERVICE/aws4_request."""
    scope = head.headers.get("authorization", "").partition("Credential=")[2].split(",")[0].split("/")
    return scope[3] if len(scope) > 3 else "unknown"


# --- the proxy --------------------------------------------------------------------------------------


class Proxy:
    """Serves its lanes on a thread of its own."""

    def __init__(self, host: str, port: int) -> None:
        self.upstream = (host, port)
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="proxy", daemon=True).start()

    def open(self, name: str, hold: Hold | None = None) -> Lane:
        lane = Lane(name, hold)
        lane.port = asyncio.run_coroutine_threadsafe(self.listen(lane), self.loop).result()
        return lane

    async def listen(self, lane: Lane) -> int:
        server = await asyncio.start_server(lambda r, w: self.serve(lane, r, w), "127.0.0.1", 0)
        return server.sockets[0].getsockname()[1]

    async def serve(self, lane: Lane, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = None
        try:
            while (request := await read_head(reader)) is not None:
                # The emulator closes a connection that is idle while its client waits.
                if upstream is None or upstream[0].at_eof():
                    upstream = await asyncio.open_connection(*self.upstream)
                await forward(lane, request, (reader, writer), upstream)
        except (ConnectionError, asyncio.IncompleteReadError):
            # Either side has gone; closing tells the other.
            pass
        finally:
            writer.close()
            if upstream:
                upstream[1].close()


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def forward(lane: Lane, request: Head, client: Streams, upstream: Streams) -> None:
    operation = None
    upstream[1].write(request.raw)
    if request.has_body and not request.chunked and is_small_call(request):
        body = await client[0].readexactly(request.length)
        operation = operation_of(request, body)
        upstream[1].write(body)
    elif request.has_body:
        await pass_on(request, client[0], upstream[1])
    if operation:
        lane.calls.append(Call(time.monotonic(), operation))
    await upstream[1].drain()
    answer = await read_head(upstream[0])
    if answer is None:
        raise ConnectionError("the emulator closed the connection")
    if lane.hold and operation in ("ecs:DescribeServices", "ecs:UpdateService") and not answer.chunked:
        body = lane.hold.rewrite(operation, await upstream[0].readexactly(answer.length))
        client[1].write(answer.with_length(len(body)) + body)
    else:
        client[1].write(answer.raw)
        if not request.raw.startswith(b"HEAD "):
            await pass_on(answer, upstream[0], client[1])
    await client[1].drain()


def is_small_call(request: Head) -> bool:
    form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return "x-amz-target" in request.headers or form
