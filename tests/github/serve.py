"""A stand-in of GitHub for the local cloud and the tests: its REST API, as far as shipgate uses it, and its OIDC provider.

Every request, and every answer of its own, is held against GitHub's official OpenAPI description. What does not fit is
answered with status 599 and recorded: `GET /_stand-in/violations` has to be an empty list when the tests are done.

The token says what it may do: `permissions:statuses=write,contents=read`. A repository is there as soon as it is named.

  GET    /_stand-in/violations               all that did not fit
  GET    /_stand-in/repositories/OWNER/NAME  its statuses, comments, calls and violations
  POST   /_stand-in/repositories/OWNER/NAME  more of it, and faults: see repository.py
  DELETE /_stand-in/repositories/OWNER/NAME  forgets it

See https://docs.github.com/en/rest
"""

import argparse
import json
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

import api
import id_tokens
from description import Description
from repository import Repository

CONTROL = "/_stand-in"
# Where GitHub Enterprise Server has the same API.
ENTERPRISE = "/api/v3"
VIOLATION = 599


class State:
    def __init__(self, description):
        self.description = description
        self.repositories = {}
        self.strays = []
        self.lock = threading.RLock()

    def repository(self, name):
        # GitHub does not tell capital letters apart, and neither does a test's other half.
        return self.repositories.setdefault(name.lower(), Repository(name))

    def repository_of(self, path):
        parts = path.split("/")
        return self.repository("/".join(parts[2:4])) if parts[1] == "repos" and len(parts) > 3 else None

    def violations(self):
        found = [violation for repository in self.repositories.values() for violation in repository.violations]
        return self.strays + found


class Call:
    """One request of the API, with what its answer is made of."""

    def __init__(self, address, repository, path, query, body):
        self.api = address
        self.repository = repository
        self.path = path
        self.query = query
        self.body = json.loads(body) if body else None
        self.headers = {}

    def page(self, items):
        """The items of the page that was asked for; the others are linked to."""
        query = dict(self.query)
        size, number = int(query.get("per_page", 30)), int(query.get("page", 1))
        last = max(1, -(-len(items) // size))
        wanted = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        # On the first page there is nothing before, on the last nothing after.
        there = {name for name in wanted if (number > 1 if name in ("prev", "first") else number < last)}
        links = [
            f'<{self.api}{self.path}?{urlencode({**query, "page": page})}>; rel="{name}"'
            for name, page in wanted.items()
            if name in there
        ]
        if links:
            self.headers["Link"] = ", ".join(links)
        return items[(number - 1) * size : number * size]


def is_allowed(token, accepted):
    """Whether a token has one of the permissions; `write` includes `read`."""
    # Every token sees that the repository is there.
    held = {"metadata": "read"}
    held.update(pair.split("=", 1) for pair in token.removeprefix("permissions:").split(",") if "=" in pair)
    def has(permission):
        name, access = permission.split("=")
        return held.get(name) in (access, "write")
    return any(has(permission) for permission in accepted)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None

    def do(self):
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = address.path
        if path == "/health":
            return self.answer(200, {})
        if path.startswith(f"{CONTROL}/"):
            with self.state.lock:
                return self.answer(*self.control(path.removeprefix(CONTROL), body))
        if path == "/" and self.command == "GET":
            audience = parse_qs(address.query).get("audience", [None])[0]
            return self.answer(*id_tokens.answer(self.token(), audience))
        return self.ask(path, parse_qsl(address.query, keep_blank_values=True), body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do  # noqa: N815 - the names that http.server looks for

    def token(self):
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    # --- for tests ----------------------------------------------------------------------------------

    def control(self, path, body):
        if path == "/violations":
            return 200, self.state.violations()
        name = path.removeprefix("/repositories/")
        if self.command == "DELETE":
            self.state.repositories.pop(name.lower(), None)
            return 200, {}
        repository = self.state.repository(name)
        if self.command == "POST":
            repository.put(self.server_address(), json.loads(body))
        return 200, repository.told()

    def server_address(self):
        return f"http://{self.headers['Host']}"

    # --- the API ------------------------------------------------------------------------------------

    def ask(self, asked, query, body):
        fault = None
        path = asked.removeprefix(ENTERPRISE)
        with self.state.lock:
            operation, named = self.state.description.operation(self.command, path)
            if operation is None:
                problem = "path: this stand-in, or GitHub, does not have it with this method"
                self.violation(self.state.repository_of(path), path, [problem])
                return self.answer(VIOLATION, {"message": problem})
            named = {name: unquote(value) for name, value in named.items()}
            repository = self.state.repository(f"{named['owner']}/{named['repo']}")
            problems = self.state.description.problems_of_request(operation, named, query, self.headers, body)
            if problems:
                self.violation(repository, path, problems)
                return self.answer(VIOLATION, {"message": f"not what GitHub describes: {'; '.join(problems)}"})
            call = Call(self.server_address(), repository, path, query, body)
            repository.calls.append(
                {"method": self.command, "path": asked, "query": dict(query), "body": call.body, "at": time.time()}
            )
            fault = repository.fault(self.command, path)
            if fault is None or fault.performed:
                status, document, headers = self.perform(call, operation, named)
        if fault is not None:
            return self.fail(fault)
        return self.answer(status, document, headers)

    def perform(self, call, operation, named):
        permissions, answer = api.route(operation)
        headers = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "999"}
        try:
            if not self.token().startswith("permissions:"):
                raise api.Refused(401, "Bad credentials")
            headers["X-Accepted-GitHub-Permissions"] = "; ".join(permissions)
            if not is_allowed(self.token(), permissions):
                raise api.Refused(403, "Resource not accessible by integration")
            status, document = answer(call, **named)
            problems = self.state.description.problems_of_answer(operation, status, document)
        except api.Refused as refused:
            status, document = refused.status, refused.document
            problems = self.state.description.problems_of_answer(operation, status, document)
        except Exception as error:  # Whatever is wrong here is to be found as loudly as what is wrong there.
            traceback.print_exc()
            problems = [f"{type(error).__name__}: {error}"]
        if problems:
            self.violation(call.repository, call.path, problems)
            return VIOLATION, {"message": f"the stand-in itself is wrong: {'; '.join(problems)}"}, {}
        return status, document, {**headers, **call.headers}

    def violation(self, repository, path, problems):
        found = {"repository": repository and repository.name, "request": f"{self.command} {path}", "problems": problems}
        (self.state.strays if repository is None else repository.violations).append(found)
        print(f"VIOLATION {json.dumps(found)}", flush=True)

    # --- answering ----------------------------------------------------------------------------------

    def fail(self, fault):
        if fault.how == "stall":
            time.sleep(fault.seconds)
        if fault.how in ("stall", "hang-up"):
            self.close_connection = True
            return
        document = {"message": "told to fail", "documentation_url": "https://docs.github.com/rest"}
        body = json.dumps(document) if fault.body is None else fault.body
        self.send(fault.status, body.encode(), fault.headers, missing=100 if fault.how == "cut-off" else 0)

    def answer(self, status, document, headers=None):
        self.send(status, json.dumps(document).encode(), headers or {})

    def send(self, status, body, headers, missing=0):
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        # What is missing was announced and does not come.
        self.send_header("Content-Length", str(len(body) + missing))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.close_connection or missing > 0

    def log_message(self, *_):
        """Says nothing but violations."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # As many may wait as a run of all tests has.
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--description", required=True, help="api.github.com.json of @octokit/openapi")
    arguments = parser.parse_args()
    Handler.state = State(Description(arguments.description, api.SERVED))
    Server(("127.0.0.1", arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
