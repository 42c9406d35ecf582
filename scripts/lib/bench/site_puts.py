"""The floor of an S3 server: the same files over a number of connections, and a list of them. All is signed before the clock
starts, but for the pages of the list, which follow each other.
"""

import hashlib
import hmac
import http.client
import re
import resource
import socket
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from urllib.parse import quote

from measure import Cost
from site_files import Site
from wire import REGION, Failed

UNSIGNED = "UNSIGNED-PAYLOAD"


def signed(port: int, method: str, target: str, length: int, now: time.struct_time) -> bytes:
    """The head of a request with Signature Version 4. The queries of the target are in order."""
    day, moment = time.strftime("%Y%m%d", now), time.strftime("%Y%m%dT%H%M%SZ", now)
    headers = f"host:127.0.0.1:{port}\nx-amz-content-sha256:{UNSIGNED}\nx-amz-date:{moment}\n"
    names, scope = "host;x-amz-content-sha256;x-amz-date", f"{day}/{REGION}/s3/aws4_request"
    path, _, query = target.partition("?")
    canonical = hashlib.sha256(f"{method}\n{path}\n{query}\n{headers}\n{names}\n{UNSIGNED}".encode()).hexdigest()
    key = b"AWS4test"
    for part in (day, REGION, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{canonical}".encode(), "sha256").hex()
    authorization = f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders={names}, Signature={signature}"
    lines = [f"{method} {target} HTTP/1.1", headers.strip(), f"authorization:{authorization}", f"content-length:{length}"]
    return ("\r\n".join(lines).replace("\n", "\r\n").replace("\r\r", "\r") + "\r\n\r\n").encode()


def put_all(port: int, bucket: str, site: Site, connections: int) -> Cost:
    now = time.gmtime()
    waiting: SimpleQueue[bytes] = SimpleQueue()
    for path in site.paths:
        content = (site.directory / path).read_bytes()
        waiting.put(signed(port, "PUT", quote(f"/{bucket}/{path}"), len(content), now) + content)
    wrong: list[bytes] = []
    threads = [threading.Thread(target=put, args=(port, waiting, wrong)) for _ in range(connections)]

    def work() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    cost = measured(work)
    if wrong:
        raise Failed(f"a PUT was answered:\n{wrong[0].decode(errors='replace')}")
    return cost


def list_all(port: int, bucket: str, size: int) -> Cost:
    """All pages of the list of a bucket of a number of objects."""
    keys: list[str] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while not keys or len(keys) % 1000 == 0 and len(keys) < size:
            after = f"&start-after={quote(keys[-1], safe='')}" if keys else ""
            target = f"/{bucket}?list-type=2{after}"
            lines = signed(port, "GET", target, 0, time.gmtime()).decode().split("\r\n")[1:-2]
            headers = dict(line.split(":", 1) for line in lines)
            connection.request("GET", target, headers=headers)
            keys.extend(re.findall("<Key>([^<]*)</Key>", connection.getresponse().read().decode()))

    cost = measured(work)
    if len(keys) != size:
        raise Failed(f"{len(keys)} of {size} objects were listed")
    return cost


def measured(work: Callable[[], None]) -> Cost:
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    work()
    ended, after = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    return Cost(began, ended, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 0)


def put(port: int, waiting: "SimpleQueue[bytes]", wrong: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                request = waiting.get_nowait()
            except Empty:
                return
            connection.sendall(request)
            answer = connection.recv(65536)
            # The answer to a PUT has no body.
            while answer and not answer.endswith(b"\r\n\r\n"):
                answer += connection.recv(65536)
            if not answer.startswith(b"HTTP/1.1 200"):
                wrong.append(answer)
                return
