"""AWS over HTTP: one call asked, and a server that keeps every request before it answers it."""

import json
import re
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
REGION = "us-east-1"
TARGETS = {"ecs": "AmazonEC2ContainerServiceV20141113", "ecr": "AmazonEC2ContainerRegistry_V20150921"}
POLL, UPDATE = "ecs:DescribeServices", "ecs:UpdateService"
CLUSTER = "bench"


class Failed(Exception):
    """A measured program, or the bench itself, did not do its work: no figure is worth anything."""


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


def send(address: str, method: str, path: str, headers: Mapping[str, str], body: bytes | str | None = None) -> Answer:
    """One request over a connection of its own: the emulator closes those that are idle."""
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=60)) as connection:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())


def ask(endpoint: str, operation: str, region: str = REGION, **body: Any) -> Json:
    """One AWS call: `ecs:DescribeServices`. It is addressed and not signed; the emulator trusts the account's root.

    What is there already need not be created.
    """
    service, name = operation.split(":")
    scope = f"Credential=test/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGETS[service]}.{name}"}
    headers["Authorization"] = f"AWS4-HMAC-SHA256 {scope}"
    answer = send(endpoint, "POST", "/", headers, json.dumps(body))
    if answer.status != 200 and b"AlreadyExists" not in answer.body:
        raise Failed(f"{operation}: {answer.body.decode(errors='replace')}")
    found: Json = json.loads(answer.body or b"{}")
    return found


def describe(endpoint: str, service: str) -> Json:
    found: list[Json] = ask(endpoint, POLL, cluster=CLUSTER, services=[service])["services"]
    return found[0]


class Request(NamedTuple):
    at: float
    method: str
    path: str
    headers: Any
    body: bytes

    @property
    def signed_for(self) -> str | None:
        """The service of AWS: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`."""
        found = re.search(r"Credential=(?:[^/]+/){3}([^/]+)/", self.headers.get("Authorization", ""))
        return found and found[1]

    @property
    def operation(self) -> str | None:
        """`ecs:DescribeServices`; None: this is no AWS call."""
        name = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        name = name or parse_qs(self.body.decode("latin-1")).get("Action", [""])[0]
        return f"{self.signed_for or 'unsigned'}:{name}" if name else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # One write for the whole answer.
    wbufsize = -1
    server: "Server"

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Request(time.monotonic(), self.command, self.path, self.headers, body)
        self.server.requests.append(request)
        time.sleep(self.server.delay)
        answer = self.server.answer(request)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else answer.body)

    do_GET = do_HEAD = do_POST = serve

    def log_message(self, *_: Any) -> None:
        """The report has the figures."""


class Server(ThreadingHTTPServer):
    """Answers `delay` seconds after a request came. Each measured program has one of its own."""

    request_queue_size = 1024
    daemon_threads = True

    def __init__(self, delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.delay, self.requests = delay, list[Request]()
        # `registry`: where its account has its images.
        self.address = self.registry = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    @property
    def calls(self) -> list[Request]:
        return [request for request in self.requests if request.operation]

    def handle_error(self, *_: Any) -> None:
        """A client that goes away, or is stopped, is no failure of the server."""


class Proxy(Server):
    """A way to `upstream`."""

    def __init__(self, upstream: str, delay: float = 0.0) -> None:
        super().__init__(delay)
        self.upstream = self.registry = upstream

    def answer(self, request: Request) -> Answer:
        # The host is part of a signature, and stays.
        return send(self.upstream, request.method, request.path, request.headers, request.body)

    def shown(self, service: str) -> Json:
        """As ECS describes it, without a request that counts."""
        return describe(self.upstream, service)
