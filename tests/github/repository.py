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
        self.pulls = {}
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

    def fault(self, method, path):
        return next((fault for fault in self.faults if fault.takes(method, path)), None)

    def put(self, api, given):
        """Takes what a test says: a git directory, commits, comments, runs, pull requests, faults."""
        if "git" in given:
            self.history.git = given["git"]
        for commit in given.get("commits", []):
            self.history.posted[commit["sha"]] = Commit(**commit)
        for comment in given.get("comments", []):
            author = shapes.user(comment.get("login", "somebody"), comment.get("type", "User"))
            self.comment(api, comment["issue"], comment["body"], author)
        self.runs.update({int(number): run for number, run in given.get("runs", {}).items()})
        self.pulls.update({int(number): pull for number, pull in given.get("pulls", {}).items()})
        self.faults += [Fault(**fault) for fault in given.get("faults", [])]

    def told(self):
        """All of it, for the test to look at."""
        return {
            "statuses": self.statuses,
            "comments": list(self.comments.values()),
            "calls": self.calls,
            "violations": self.violations,
        }
