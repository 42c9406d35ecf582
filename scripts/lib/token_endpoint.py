"""GitHub's token endpoint, as a step of a job finds it, for the local cloud.

The token that opens it (ACTIONS_ID_TOKEN_REQUEST_TOKEN) is the `sub` that the job's tokens shall have, so that whoever
asks decides which job it is: `repo:OWNER/NAME:ref:refs/heads/BRANCH`, `repo:OWNER/NAME:pull_request` or
`repo:OWNER/NAME:environment:NAME`. The tokens are not signed: the emulator looks at what they say, not at who made them.
See https://docs.github.com/en/actions/reference/security/oidc
"""

import argparse
import base64
import json
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

ISSUER = "https://token.actions.githubusercontent.com"


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(subject, audience):
    _, repository, *context = subject.split(":")
    issued = int(time.time())
    found = {
        "iss": ISSUER,
        "sub": subject,
        "aud": audience,
        "jti": str(uuid.uuid4()),
        "iat": issued,
        "exp": issued + 300,
        "repository": repository,
        "repository_owner": repository.split("/")[0],
        "ref": context[1] if context[0] == "ref" else "refs/heads/main",
    }
    if context[0] == "environment":
        found["environment"] = context[1]
    return found


class Endpoint(BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlparse(self.path)
        subject = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if address.path == "/health":
            return self.answer(200, {})
        if not subject.startswith("repo:") or subject.count(":") < 2:
            return self.answer(401, {"message": "unauthorized"})
        owner = subject.split(":")[1].split("/")[0]
        audience = parse_qs(address.query).get("audience", [f"https://github.com/{owner}"])[0]
        token = f"{encoded({'typ': 'JWT', 'alg': 'RS256'})}.{encoded(claims(subject, audience))}.bm9uZQ"
        return self.answer(200, {"count": len(token), "value": token})

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Says nothing: the requests have no other content."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    ThreadingHTTPServer(("127.0.0.1", arguments.port), Endpoint).serve_forever()


if __name__ == "__main__":
    main()
