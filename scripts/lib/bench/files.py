"""`check` of a large repository, and of one file with thousands of findings, beside tools that do a part of the same.

`cat` reads all files of the repository and finds nothing: less than that cannot be had. zizmor judges the workflows, and
detect-secrets searches all files for secrets; neither knows the configuration.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import ROOT, Bench, commit
from measure import CPU, PEAK, SECONDS, Command, Sample, run, say
from report import Found, Goal, at_most

ONE, TWICE, TIMES = "findings in one file", "the same for all of them, s", "  twice as many, times longer"
ROWS = (SECONDS, CPU, PEAK, ONE, TWICE, TIMES)
MOST, LONGER = 1.0, 2.5
WORKFLOW = """on: push
permissions: {}
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    env: { LEVEL: debug, API_URL: https://api.shop.example }
    steps:
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567
        with: { persist-credentials: false }
      - run: npm ci && npm test
        env:
          TOKEN: ${{ secrets.TOKEN }}
"""
STEP = "      - uses: acme/shipgate@v{}\n        with: {{ command: status }}\n"


def files(bench: Bench, size: int) -> Iterator[Sample]:
    say(f"writing a repository of {size} files")
    large = bench.directory / "files"
    commit_all(large, repository(size))
    half, whole = (bench.directory / f"findings-{part}" for part in ("half", "whole"))
    findings = size * 6 // 10
    for directory, number in ((half, findings // 2), (whole, findings)):
        commit_all(directory, {**base(), ".github/workflows/many.yml": many(number)})
    # Without keys, so that nothing is asked of AWS.
    variables = bench.variables(bench.endpoint, "")
    del variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]
    log = bench.directory / "files.log"
    for turn in range(1, bench.rounds + 1):
        for name, command in programs(bench, large).items():
            say(f"round {turn} of {bench.rounds}: {name}")
            figures = run(name, command, variables, log).figures
            if name == "shipgate":
                # They are errors.
                costs = [run(name, Command([bench.binary, "check"], it), variables, log, 2) for it in (half, whole)]
                less, more = (cost.ended - cost.began for cost in costs)
                figures |= {ONE: findings, TWICE: more, TIMES: more / less}
            yield Sample(name, figures)


def programs(bench: Bench, directory: Path) -> dict[str, Command]:
    found = {"shipgate": Command([bench.binary, "check"], directory)}
    if not bench.alone:
        found["cat"] = Command(["sh", "-c", "git ls-files -z | xargs -0 cat | wc -c"], directory)
    if bench.with_installed:
        zizmor = [bench.peers / "zizmor", "--offline", "--no-exit-codes", "--quiet", ".github/workflows"]
        found["zizmor"] = Command(zizmor, directory)
        found["detect-secrets"] = Command([bench.peers / "detect-secrets", "scan"], directory)
    return found


def base() -> dict[str, str]:
    configuration = (ROOT / "examples/cloudshop/shipgate.toml").read_text()
    pages = {"frontend/package.json": '{"name": "pages"}\n', "frontend/package-lock.json": '{"name": "pages"}\n'}
    return {"shipgate.toml": configuration, "backend/Dockerfile": "FROM scratch\nARG RELEASE\n", **pages}


def many(number: int) -> str:
    head = WORKFLOW.split("      - uses")[0]
    return head + "".join(STEP.format(index) for index in range(number))


def repository(size: int) -> dict[str, str]:
    """Of 10,000: 200 workflows, 500 files of variables, 300 packages, and sources."""
    texts = base()
    values = "".join(f"NAME_{index}=value {index} of the app\n" for index in range(30))
    for index in range(size // 50):
        texts[f".github/workflows/w{index}.yml"] = WORKFLOW
    for index in range(size // 20):
        texts[f"apps/a{index}/.env"] = f"{values}API_URL=https://api-{index}.shop.example\nDB_PASSWORD=\n"
    for index in range(size * 3 // 100):
        texts[f"apps/a{index}/package.json"] = '{"name": "a", "scripts": {"build": "next build"}}\n'
    for index in range(size - len(texts)):
        texts[f"apps/a{index % 500}/src/d{index % 37}/f{index}.ts"] = "export const x = 1;\n" * 40
    return texts


def commit_all(directory: Path, texts: dict[str, str]) -> None:
    for name in texts:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
    commit(directory, texts)


def goals(found: Found, size: int) -> Iterable[Goal]:
    yield at_most(f"{size} files", found(SECONDS), MOST, " s")
    yield at_most("twice the findings of one file take longer", found(TIMES), LONGER, " times")
