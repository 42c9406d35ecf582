"""A static site of many files: the first deploy, one of the same files, one with another page, and the way back.

The server is s3s-fs, an S3 over a directory, which all programs use. What it costs alone is `raw requests`: the same files
over 32 connections, signed beforehand, and nothing else; and a list of them, which is the floor of every program that lists. There is
no CloudFront: the site is read from the directory.
"""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import measure
from bench import ACCOUNT, ROOT, Bench, git
from measure import CPU, PEAK, Command, Cost, Sample, run, say
from report import Found, Goal, at_most
from site_files import Site
from site_puts import list_all, put_all
from wire import REGION, Failed

FIRST, SAME, ONE, BACK = "first deploy, s", "unchanged, s", "one other page, s", "back, s"
# What only programs know that know commits.
COMMIT = "the same files of another commit, s"
RIGHT = "pages that are right at the end, of 100"
ROWS = (FIRST, SAME, COMMIT, ONE, BACK, RIGHT, CPU, PEAK)
RAW, CONNECTIONS = "raw requests", 32
BUCKET, STORE = "bench-site", "bench-releases"
SERVER = ROOT / "target/tools/bin/s3s-fs"
WEB = ROOT / "target/tools/nginx/usr/sbin/nginx"
# Each byte goes to the store and to the bucket: twice is the floor.
FIRST_MOST, SAME_MOST, ONE_MOST, BACK_MOST, PEAK_MOST = 1.0, 0.5, 1.0, 2.0, 150.0
CONFIGURATION = """app = "bench"
[components.site]
kind = "static-site"
build = {{ run = "if [ -d dist ]; then mv dist old; fi; mv files dist", output = "dist" }}
bucket = "{bucket}"
artifacts = "{store}"
url = "{url}"
[environments.bench]
region = "{region}"
account = "{account}"
"""

NGINX = """daemon off;
master_process off;
user {user};
pid {place}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    types {{ text/html html; text/javascript js; text/css css; image/svg+xml svg; image/png png; }}
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class Server:
    """s3s-fs, and what browsers would read, both over a directory that is empty at first."""

    def __init__(self, bench: Bench) -> None:
        self.root, self.log = bench.directory / "s3", bench.directory / "s3.log"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.empty()
        keys = ["--access-key", "test", "--secret-key", "test"]
        line: list[str | Path] = [SERVER, "--host", "127.0.0.1", "--port", str(self.port), *keys, self.root]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(line, stdout=log, stderr=log, start_new_session=True,
                                            env={"PATH": os.environ["PATH"], "RUST_LOG": "off"})  # fmt: skip
        measure.STARTED.append(self.process)
        wait_for(self.port, self.process)
        self.pages = Pages(bench, self.root / BUCKET)

    def empty(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        for bucket in (BUCKET, STORE):
            (self.root / bucket).mkdir(parents=True)

    def right(self, site: Site) -> float:
        """How many of 100 pages are in the bucket as they are in the site."""
        pages = [path for path in site.pages if (self.root / BUCKET / path).is_file()]
        same = [path for path in pages if (self.root / BUCKET / path).read_bytes() == (site.directory / path).read_bytes()]
        return 100 * len(same) / len(site.pages)


class Pages:
    """The directory of a bucket over HTTP, by a web server that costs little: what browsers are asked about is a CDN."""

    def __init__(self, bench: Bench, root: Path) -> None:
        port, place = free_port(), bench.directory / "nginx"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / "nginx.conf").write_text(NGINX.format(place=place, port=port, root=root, user=getpass.getuser()))
        line = [WEB, "-e", place / "error.log", "-c", place / "nginx.conf"]
        self.process = subprocess.Popen(line, start_new_session=True, env={"PATH": os.environ["PATH"]})
        measure.STARTED.append(self.process)
        self.address = f"http://127.0.0.1:{port}"
        wait_for(port, self.process)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 10
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failed(f"nothing answers on port {port}; the logs are in target/bench/run")
        time.sleep(0.05)


class Work(NamedTuple):
    """What a program does of each of the four, and what it cost."""

    name: str
    steps: Mapping[str, Callable[[], Cost]]


def sites(bench: Bench, size: int) -> Iterator[Sample]:
    if not SERVER.exists():
        raise Failed(f"{SERVER} is missing: scripts/bench installs it")
    say(f"writing a site of {size} files")
    # Beside each other, so that the older one is older, as it is where people go back to it.
    first = Site(bench.directory / "first", size, release=1)
    second = Site(bench.directory / "second", size, release=2)
    server = Server(bench)
    for turn in range(1, bench.rounds + 1):
        for work in works(bench, server, first, second):
            say(f"round {turn} of {bench.rounds}: {work.name}, {size} files, {first.megabytes:.0f} MB")
            server.empty()
            yield measured(server, work, first, second)


def measured(server: Server, work: Work, first: Site, second: Site) -> Sample:
    figures: dict[str, float] = {}
    costs = {}
    for title, step in work.steps.items():
        costs[title] = step()
        figures[title] = costs[title].ended - costs[title].began
        wanted = second if title == ONE else first
        found = server.right(wanted)
        # A program that leaves a wrong site behind is shown, and shipgate is no such program.
        figures[RIGHT] = found
        if found < 100 and (work.name == "shipgate" or title != BACK):
            raise Failed(f"{work.name}: after `{title}` {found:.0f} of 100 pages are right")
    figures |= {CPU: costs[FIRST].cpu, PEAK: max(cost.peak for cost in costs.values())}
    if work.name == RAW:
        # It is this program, whose memory is the bench's.
        del figures[PEAK]
    return Sample(work.name, figures)


def works(bench: Bench, server: Server, first: Site, second: Site) -> Iterator[Work]:
    size = len(first.paths)
    put, listed = lambda: put_all(server.port, BUCKET, first, CONNECTIONS), lambda: list_all(server.port, BUCKET, size)
    yield Work(RAW, {FIRST: put, SAME: listed})
    if bench.with_installed:
        yield synced(bench, server, "aws s3 sync", [bench.peers / "aws", "s3", "sync"], (first, second), ["--delete"])
        s5cmd = [bench.peers / "s5cmd", "--endpoint-url", server.address, "--numworkers", CONNECTIONS, "sync", "--delete"]
        yield synced(bench, server, "s5cmd sync", s5cmd, (first, second), [])
    yield shipgate(bench, server, first, second)


def synced(bench: Bench, server: Server, name: str, line: list[object], sites_of: tuple[Site, Site],
           more: list[str]) -> Work:  # fmt: skip
    first, second = sites_of
    variables = {**bench.variables(bench.endpoint, bench.endpoint), "AWS_ENDPOINT_URL_S3": server.address}

    def sync(site: Site) -> Callable[[], Cost]:
        def work() -> Cost:
            arguments = [*line, f"{site.directory}/", f"s3://{BUCKET}/", *more]
            return run(name, Command(arguments, bench.directory), variables, bench.directory / "site.log")

        return work

    def changed() -> Cost:
        # Built now, as second releases are: newer than what the bucket has.
        second.touch()
        return sync(second)()

    return Work(name, {FIRST: sync(first), SAME: sync(first), ONE: changed, BACK: sync(first)})


def shipgate(bench: Bench, server: Server, first: Site, second: Site) -> Work:
    """Each deploy is of another commit. A build only gives a directory its name: what builds cost is no part of it."""
    repository = bench.directory / "site"
    shutil.rmtree(repository, ignore_errors=True)
    repository.mkdir()
    text = CONFIGURATION.format(bucket=BUCKET, store=STORE, url=server.pages.address, region=REGION, account=ACCOUNT)
    (repository / "shipgate.toml").write_text(text)
    (repository / ".gitignore").write_text("/dist/\n/files/\n/old/\n")
    git(repository, "init", "--quiet", "--initial-branch", "main")
    variables = {**bench.variables(bench.endpoint, bench.endpoint), "AWS_ENDPOINT_URL_S3": server.address}

    def command(*arguments: str) -> Cost:
        line = Command([bench.binary, *arguments], repository)
        return run("shipgate", line, variables, bench.directory / "site.log")

    def deploy(site: Site) -> Callable[[], Cost]:
        def work() -> Cost:
            for name in ("files", "old"):
                shutil.rmtree(repository / name, ignore_errors=True)
            shutil.copytree(site.directory, repository / "files")
            git(repository, "add", "--all")
            git(repository, "commit", "--quiet", "--allow-empty", "--message", "Release")
            return command("deploy", "bench")

        return work

    def back() -> Cost:
        return command("rollback", "bench", "--yes")

    def again() -> Cost:
        return command("deploy", "bench")

    steps = {FIRST: deploy(first), SAME: again, COMMIT: deploy(first), ONE: deploy(second), BACK: back}
    return Work("shipgate", steps)


def goals(found: Found, size: int) -> Iterable[Goal]:
    if "s5cmd sync" in found.subjects:
        ratio = found(FIRST) / found(FIRST, "s5cmd sync")
        yield at_most(f"{size} files to the store and to the bucket, beside s5cmd to the bucket", ratio, FIRST_MOST, " times")
    yield at_most("unchanged", found(SAME), SAME_MOST, " s")
    yield at_most("one other page", found(ONE), ONE_MOST, " s")
    yield at_most("back", found(BACK), BACK_MOST, " s")
    yield at_most("peak memory", found(PEAK), PEAK_MOST, " MiB")
