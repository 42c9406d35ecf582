"""A preprocessor of mdbook: links of a page that lead out of docs/ become addresses on GitHub.

    book_links.py supports html     says that it can
    book_links.py <BOOK >BOOK       changes links
    book_links.py check DIRECTORY   names each link of the built book that leads nowhere, and ends with 1 if there is one

The repository is that of the job (GITHUB_REPOSITORY and GITHUB_SHA), elsewhere shipgate/shipgate and its main branch.
"""

import json
import os
import posixpath
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

REPOSITORY = os.environ.get("GITHUB_REPOSITORY", "shipgate/shipgate")
COMMIT = os.environ.get("GITHUB_SHA", "main")
ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^\s*(```|~~~)")
LINK = re.compile(r"(\]\()([^)\s]+)(\))|^(\[[^\]]+\]:\s*)(\S+)()")


def changed(page, link):
    """A link of a page of docs/, as the book needs it."""
    path, mark, anchor = link.partition("#")
    if "://" in link or link.startswith("mailto:") or not path:
        return link
    target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), path))
    if (target == "docs" or target.startswith("docs/")) and target != "docs/SUMMARY.md":
        if (ROOT / target).is_dir():
            path = posixpath.join(path, "README.md")
        # What mdbook makes of a README is the index of its directory.
        return re.sub(r"(^|/)README\.md$", r"\1index.md", path) + mark + anchor
    kind = "tree" if (ROOT / target).is_dir() else "blob"
    return f"https://github.com/{REPOSITORY}/{kind}/{COMMIT}/{target}{mark}{anchor}"


def rewritten(page, text):
    lines, fence = [], None
    for line in text.split("\n"):
        found = FENCE.match(line)
        if found and fence in (None, found[1]):
            fence = None if fence else found[1]
        elif not fence:
            line = LINK.sub(lambda it: f"{it[1] or it[4]}{changed(page, it[2] or it[5])}{it[3] or ''}", line)
        lines.append(line)
    return "\n".join(lines)


def each_chapter(items):
    for item in items:
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter:
            yield chapter
            yield from each_chapter(chapter["sub_items"])


class Links(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.anchors.add(attributes["id"])
        link = attributes.get("href") if tag == "a" else attributes.get("src") if tag == "img" else None
        if link:
            self.links.append(link)


def check(directory):
    """The links of all built pages that lead to no file or to no heading."""
    pages = {path: Links(path) for path in sorted(directory.rglob("*.html"))}
    # They repeat the others.
    pages = {path: page for path, page in pages.items() if path.name not in ("print.html", "404.html", "toc.html")}
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            target, _, anchor = unquote(link).partition("#")
            if "://" in link or target.startswith(("mailto:", "javascript:")):
                continue
            found = (path.parent / target).resolve() if target else path
            found = found / "index.html" if found.is_dir() else found
            if not found.exists() or (anchor and found in pages and anchor not in pages[found].anchors):
                wrong.append(f"{path.relative_to(directory)}: {link}")
    return len(pages), wrong


def main():
    if sys.argv[1:2] == ["supports"]:
        return 0
    if sys.argv[1:2] == ["check"]:
        count, wrong = check(Path(sys.argv[2]).resolve())
        print("\n".join(wrong) or f"{count} pages", file=sys.stderr)
        return 1 if wrong or count == 0 else 0
    _, book = json.load(sys.stdin)
    for chapter in each_chapter(book["items"]):
        if chapter["path"]:
            chapter["content"] = rewritten(chapter["source_path"] or chapter["path"], chapter["content"])
    json.dump(book, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
