"""The commits of a repository: those of a git directory, and those that a test has posted."""

import subprocess

SEPARATOR = "\x1f"
FORMAT = SEPARATOR.join(["%H", "%P", "%an", "%ae", "%aI", "%s"])


class Commit:
    def __init__(self, sha, parents=(), message="", name="Tester", email="tester@shop.example", date=None):
        self.sha = sha
        self.parents = list(parents)
        self.message = message
        self.name = name
        self.email = email
        self.date = date or "2026-01-01T00:00:00Z"


class History:
    def __init__(self):
        self.git = None
        self.posted = {}

    @property
    def is_known(self):
        """Whether anything was said of the commits. Otherwise each one exists."""
        return bool(self.git or self.posted)

    def commits(self):
        return {**self.posted, **(self.of_git() if self.git else {})}

    def of_git(self):
        text = self.run("log", "--all", "HEAD", f"--format={FORMAT}")
        commits = {}
        for line in text.splitlines():
            sha, parents, name, email, date, message = line.split(SEPARATOR, 5)
            commits[sha] = Commit(sha, parents.split(), message, name, email, date)
        return commits

    def branches(self):
        """The branches of the git directory with their newest commits."""
        if not self.git:
            return {}
        listed = self.run("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads/")
        return dict(line.rsplit(" ", 1) for line in listed.splitlines())

    def resolve(self, ref):
        """The commit that a text names."""
        if ref in self.posted or not self.git:
            return ref
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
        except subprocess.CalledProcessError:
            return ref

    def file(self, ref, path):
        """The bytes of a file in a commit. Nothing: it is not there."""
        if not self.git:
            return None
        command = ["git", "-c", "safe.directory=*", "-C", self.git, "cat-file", "blob", f"{ref}:{path}"]
        found = subprocess.run(command, capture_output=True)
        return found.stdout if found.returncode == 0 else None

    def run(self, *arguments):
        command = ["git", "-c", "safe.directory=*", "-C", self.git, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def reachable(commits, sha):
    """The commits that can be reached from one, itself included, newest first as far as that is known."""
    seen, left = {}, [sha]
    while left:
        at = left.pop(0)
        if at in commits and at not in seen:
            seen[at] = commits[at]
            left.extend(commits[at].parents)
    return seen
