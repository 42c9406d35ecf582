"""A site as a bundler leaves it, always the same: 50 pages of 10,000 files, the rest with a hash in their names, of
20 hexadecimal digits, as webpack writes it.
"""

import hashlib
import os
import random
import time
from pathlib import Path

# Of the 10,000 files: 198 MB.
MEAN = 20_000
PAGE = "<!doctype html>\n<html><head><title>{title}</title><script type=\"module\" src=\"/{script}\"></script>" \
    "{style}</head><body>{text}</body></html>\n"  # fmt: skip
STYLE = "<link rel=\"stylesheet\" href=\"/{path}\">"
# Of 100 assets.
KINDS = ["js"] * 60 + ["css"] * 10 + ["svg"] * 10 + ["png"] * 12 + ["woff2"] * 3 + ["js.map"] * 5


class Site:
    """`release` differs in the text of the first page alone, which stays as long."""

    def __init__(self, directory: Path, size: int, release: int) -> None:
        self.directory = directory
        pages = max(2, size // 200)
        chance = random.Random("shipgate")
        assets = [self.asset(chance, index) for index in range(size - pages)]
        scripts = [path for path in assets if path.endswith(".js")]
        # A small site may have none.
        styles = [STYLE.format(path=path) for path in assets if path.endswith(".css")] or [""]
        self.pages = ["index.html", *(f"docs/page-{index:04}/index.html" for index in range(pages - 1))]
        for index, path in enumerate(self.pages):
            text = f"{chance.randbytes(4000).hex()} release {release if index == 0 else 0:08}"
            page = PAGE.format(title=path, script=chance.choice(scripts), style=chance.choice(styles), text=text)
            self.write(path, page.encode())
        self.paths = [*assets, *self.pages]
        self.megabytes = sum((directory / path).stat().st_size for path in self.paths) / 1e6

    def asset(self, chance: random.Random, index: int) -> str:
        # Many small ones and a few large ones.
        size = min(int(chance.expovariate(1 / MEAN)) + 200, 500_000)
        kind = KINDS[index % len(KINDS)]
        content = chance.randbytes(size) if kind in ("png", "woff2") else chance.randbytes(size // 2).hex().encode()
        digest = hashlib.sha256(content).hexdigest()[:20]
        path = f"assets/{index % 40:02}/chunk-{index:05}.{digest}.{kind}"
        self.write(path, content)
        return path

    def write(self, path: str, content: bytes) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def touch(self) -> None:
        """Makes the first page newer than everything there is."""
        now = time.time() + 1
        os.utime(self.directory / self.pages[0], (now, now))
