"""What the stand-in knows of a repository, and what a test has told it to do wrong."""

import re

import shapes
from history import Commit, History


class Fault:
    """An answer that a test asks for, to the requests it names.

    how: `answer` (status, headers, body), `cut-off` (ends before it is whole), `stall` (says nothing for `seconds`, then
    hangs up), `hang-up`. performed: whether the request did its work before. times: to so many requests; none: to all.
    """

    def __init__(self, how="answer", method=".*", path=".*", times=None, performed=False, status=500, headers=None,
                 body=None, seconds=30):
        self.how = how
        self.method = re.compile(method)
        self.path = re.compile(path)
        self.times = times
        self.performed = performed
        self.status = status
        self.headers = headers or {}
        self.body = body
        self.seconds = seconds

    def takes(self, method, path):
        if self.times == 0 or not self.method.fullmatch(method) or not self.path.fullmatch(path):
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Repository:
    def __init__(self, name):
        self.name = name
        self.history = History()
        self.statuses = {}
        self.comments = {}
        self.runs = {}
        self.check_runs = []
        self.pulls = {}
        self.pull_requests = {}
        self.environments = {}
        self.people = {}
        self.given_branches = {}
        self.given_default = None
        self.faults = []
        self.calls = []
        self.violations = []
        self.last = 0

    def number(self):
        self.last += 1
        return self.last

    def comment(self, api, issue, body, author):
        number = self.number()
        self.comments[number] = shapes.comment(api, self.name, issue, number, body, author)
        return self.comments[number]

    def branches(self):
        """The branches with their newest commits: those of the git directory, and those that a test has posted."""
        return {**self.history.branches(), **self.given_branches}

    def default_branch(self):
        return self.given_default or "main"

    def fault(self, method, path):
        return next((fault for fault in self.faults if fault.takes(method, path)), None)

    def put(self, api, given):
        """Takes what a test says: a git directory, commits, branches, statuses, check runs, pull requests, comments, runs, environments, people with
        what they may do, faults.

        A check run with `open_for` is in progress in so many answers, and then what it is said to be.
        """
        if "git" in given:
            self.history.git = given["git"]
        for commit in given.get("commits", []):
            self.history.posted[commit["sha"]] = Commit(**commit)
        self.given_branches.update(given.get("branches", {}))
        self.given_default = given.get("default_branch", self.given_default)
        for status in given.get("statuses", []):
            shaped = shapes.status(api, self.name, status["sha"], self.number(), status)
            self.statuses.setdefault(status["sha"], []).insert(0, shaped)
        self.check_runs += given.get("check_runs", [])
        for sha, pulls in given.get("pulls", {}).items():
            self.pulls.setdefault(sha, []).extend(pulls)
        for comment in given.get("comments", []):
            author = shapes.user(comment.get("login", "somebody"), comment.get("type", "User"))
            self.comment(api, comment["issue"], comment["body"], author)
        self.runs.update({int(number): run for number, run in given.get("runs", {}).items()})
        self.environments.update(given.get("environments", {}))
        self.people.update(given.get("people", {}))
        self.pull_requests.update({int(number): pull for number, pull in given.get("pull_requests", {}).items()})
        self.faults += [Fault(**fault) for fault in given.get("faults", [])]

    def told(self):
        """All of it, for the test to look at."""
        return {
            "statuses": self.statuses,
            "comments": list(self.comments.values()),
            "calls": self.calls,
            "violations": self.violations,
        }
