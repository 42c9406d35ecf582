"""From the start of a program to its first signed call of AWS, beside the SDK's own chain.

Shipgate asks GitHub's endpoint for a token and STS for a session; the AWS CLI has a token in a file, as the SDK's own
chain wants it, and asks STS alone. Every request takes the same time longer, as on a real network, so that round trips
are what is measured.
"""

import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scenarios import say
from tools import ToolFailed

# How much longer each request takes.
DELAY = 0.05
ROLE = "arn:aws:iam::000000000000:role/stage-cloudshop-shipgate"


@dataclass(frozen=True)
class Start:
    """One start of a program."""

    tool: str
    # Until the first signed call arrived.
    seconds: float
    # Requests before it, of GitHub's endpoint and of AWS.
    before: int


class Gate:
    """In front of one server: passes requests on later, and notes when they came."""

    def __init__(self, target: str) -> None:
        self.arrived: list[tuple[float, bool]] = []
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                gate.pass_on(self, target, None)

            def do_POST(self) -> None:
                gate.pass_on(self, target, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_: Any) -> None:
                """Says nothing: the table does."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, handler: BaseHTTPRequestHandler, target: str, body: bytes | None) -> None:
        signed = handler.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 ")
        self.arrived.append((time.monotonic(), signed))
        time.sleep(DELAY)
        # The host is part of a signature, and stays.
        request = urllib.request.Request(target + handler.path, data=body, headers=dict(handler.headers))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            answer = opener.open(request)
        except urllib.error.HTTPError as error:
            answer = error
        content = answer.read()
        handler.send_response(answer.status)
        handler.send_header("Content-Type", answer.headers["Content-Type"])
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


def starts(directory: Path, binary: Path, peers: Path, config: Path, rounds: int, alone: bool) -> list[Start]:
    tokens, aws = Gate(os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"].split("/?")[0]), Gate(os.environ["AWS_ENDPOINT_URL"])
    subject = os.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    token = directory / "token"
    token.write_text(fetch(tokens.address, subject))
    shared = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": aws.address}
    shared |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    programs = {
        "shipgate": (
            [str(binary), "--config", str(config), "credentials", "stage", "--format", "process"],
            {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{tokens.address}/?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": subject},
        ),
        "AWS CLI": (
            [str(peers / "aws"), "sts", "get-caller-identity"],
            {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": ROLE, "AWS_ROLE_SESSION_NAME": "bench"},
        ),
    }
    found = []
    for number in range(rounds):
        for name, (line, variables) in programs.items():
            if name == "shipgate" or not alone:
                say(f"round {number + 1}: {name}")
                found.append(start(name, line, shared | variables, [tokens, aws]))
    return found


def start(name: str, line: Sequence[str], variables: dict[str, str], gates: Sequence[Gate]) -> Start:
    for gate in gates:
        gate.arrived.clear()
    # A home of its own: the AWS CLI keeps sessions there.
    with tempfile.TemporaryDirectory() as home:
        began = time.monotonic()
        ran = subprocess.run(line, env=variables | {"HOME": home}, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise ToolFailed(f"{name} ended with {ran.returncode}:\n{ran.stderr}")
    arrived = sorted(request for gate in gates for request in gate.arrived)
    first = next(index for index, (_, signed) in enumerate(arrived) if signed)
    return Start(name, arrived[first][0] - began, first)


def fetch(address: str, subject: str) -> str:
    request = urllib.request.Request(f"{address}/?audience=sts.amazonaws.com", headers={"Authorization": f"Bearer {subject}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)["value"]
