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
    address, subject = os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"], os.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    tokens, aws = Proxy(address.split("/?")[0], DELAY), Proxy(bench.endpoint, DELAY)
    address = f"{tokens.address}/?api-version=2.0"
    own = {"ACTIONS_ID_TOKEN_REQUEST_URL": address, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": subject}
    line = ["--config", ROOT / "examples/cloudshop/shipgate.toml", "credentials", "stage", "--format", "process"]
    programs = {"shipgate": Command([bench.binary, *line], bench.directory, own)}
    if bench.with_installed:
        file, headers = bench.directory / "token", {"Authorization": f"Bearer {subject}"}
        file.write_text(json.loads(send(tokens.address, "GET", "/?audience=sts.amazonaws.com", headers).body)["value"])
        theirs = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_SESSION_NAME": "bench"}
        theirs["AWS_ROLE_ARN"] = f"arn:aws:iam::{ACCOUNT}:role/stage-cloudshop-shipgate"
        programs["AWS CLI"] = Command([bench.peers / "aws", "sts", "get-caller-identity"], bench.directory, theirs)
    # Neither keys, nor sessions that the AWS CLI keeps in its home.
    variables = bench.variables(aws.address, aws.registry)
    del variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    for turn in range(1, bench.rounds + 1):
        for name, command in programs.items():
            say(f"round {turn} of {bench.rounds}: {name}")
            tokens.requests.clear()
            aws.requests.clear()
            with tempfile.TemporaryDirectory() as home:
                cost = run(name, command, variables | {"HOME": home}, bench.directory / "identity.log")
            requests = sorted(tokens.requests + aws.requests, key=lambda it: it.at)
            before = next(index for index, request in enumerate(requests) if request.signed_for)
            yield Sample(name, {SECONDS: requests[before].at - cost.began, REQUESTS: before, **cost.figures})


def goals(found: Found, _size: int) -> Iterable[Goal]:
    for peer in found.subjects[1:]:
        more = found(REQUESTS) - found(REQUESTS, peer)
        yield Goal(f"at most {MORE} round trips more than the SDK's own chain", f"{more:.0f} more", more <= MORE)
