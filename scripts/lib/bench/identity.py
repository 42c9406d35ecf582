"""From the start of a program to its first signed call of AWS, beside the SDK's own chain.

Shipgate asks GitHub's endpoint for a token and STS for a session; the AWS CLI has a token in a file, as the SDK's own
chain wants it, and asks STS alone. Every request takes the same time longer, as on a real network, so that round trips
are what is measured.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator

from bench import ACCOUNT, ROOT, Bench
from measure import Command, Sample, run, say
from report import Found, Goal
from wire import Proxy, send

DELAY, MORE = 0.05, 2
SECONDS, REQUESTS = "to the first signed call, s", "requests before it"
ROWS = (SECONDS, REQUESTS)


def starts(bench: Bench, _size: int) -> Iterator[Sample]:
    tokens = Proxy(os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"].split("/?")[0], DELAY)
    aws, subject = Proxy(bench.endpoint, DELAY), os.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    headers, file = {"Authorization": f"Bearer {subject}"}, bench.directory / "token"
    file.write_text(json.loads(send(tokens.address, "GET", "/?audience=sts.amazonaws.com", headers).body)["value"])
    ours = {"URL": f"{tokens.address}/?api-version=2.0", "TOKEN": subject}
    ours = {f"ACTIONS_ID_TOKEN_REQUEST_{name}": value for name, value in ours.items()}
    theirs = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_SESSION_NAME": "bench"}
    theirs["AWS_ROLE_ARN"] = f"arn:aws:iam::{ACCOUNT}:role/stage-cloudshop-shipgate"
    config = ROOT / "examples/cloudshop/shipgate.toml"
    line = [bench.binary, "--config", config, "credentials", "stage", "--format", "process"]
    programs = {"shipgate": Command(line, bench.directory, ours)}
    if not bench.alone:
        programs["AWS CLI"] = Command([bench.peers / "aws", "sts", "get-caller-identity"], bench.directory, theirs)
    for turn in range(1, bench.rounds + 1):
        for name, command in programs.items():
            say(f"round {turn} of {bench.rounds}: {name}")
            yield start(bench, name, command, tokens, aws)


def start(bench: Bench, name: str, command: Command, tokens: Proxy, aws: Proxy) -> Sample:
    tokens.requests.clear()
    aws.requests.clear()
    # Neither keys, nor sessions that the AWS CLI keeps in its home.
    variables = bench.variables(aws.address).items()
    kept = {name: value for name, value in variables if name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    with tempfile.TemporaryDirectory() as home:
        cost = run(name, command, kept | {"HOME": home}, bench.directory / "identity.log")
    requests = sorted(tokens.requests + aws.requests, key=lambda it: it.at)
    before = next(index for index, request in enumerate(requests) if request.signed)
    return Sample(name, {SECONDS: requests[before].at - cost.began, REQUESTS: before, **cost.figures})


def goals(found: Found, _size: int) -> Iterable[Goal]:
    for peer in found.subjects[1:]:
        more = found(REQUESTS) - found(REQUESTS, peer)
        yield Goal(f"at most {MORE} round trips more than the SDK's own chain", f"{more:.0f} more", more <= MORE)
