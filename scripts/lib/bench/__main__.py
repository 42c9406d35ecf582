"""Deploys an image that is already pushed, with shipgate, with fabfuel's ecs-deploy, with the AWS CLI, and with the
official action where there is a checkout of it. Prints medians, their ratios to shipgate's, and the goals with what was
measured. No goal is enforced: the exit code is 0 when everything ran, and not 0 when a program failed.
"""

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import deploys
import files
import identity
import measure
import promotion
import services
import site_deploys
import truth
from bench import Bench
from measure import Sample
from report import Found, Goal, report
from wire import Failed, Json

EPILOG = """\
  SHIPGATE_BINARY                 a binary to measure, instead of building a debug one
  SHIPGATE_BENCH_OFFICIAL_ACTION  a checkout of aws-actions/amazon-ecs-deploy-task-definition (needs node)
  SHIPGATE_STACK_PORT             port of the bench's own local cloud (4610)
  SHIPGATE_STACK_DIR              its logs and state (target/bench/stack)
"""


class Experiment(NamedTuple):
    title: str
    samples: Callable[[Bench, int], Iterable[Sample]]
    rows: tuple[str, ...]
    goals: Callable[[Found, int], Iterable[Goal]]
    smallest: int


EXPERIMENTS = {
    "deploy": Experiment("One deploy of a pushed image", deploys.deploys, measure.ROWS, deploys.deploy_goals, 0),
    "rollout": Experiment("A rollout of {} s", deploys.rollouts, measure.ROWS, deploys.rollout_goals, 5),
    "promotion": Experiment("Promotion of an image of {} MiB in four layers, beside docker pull, tag and push",
                            promotion.promotions, promotion.ROWS, promotion.goals, 4),
    "identity": Experiment("To the first signed call, each request 50 ms longer",
                           identity.starts, identity.ROWS, identity.goals, 0),
    "services": Experiment("One deploy of {} services", services.services, services.ROWS, services.goals, 3),
    "files": Experiment("Check of a repository of {} files", files.files, files.ROWS, files.goals, 200),
    "site": Experiment("A static site of {} files, each byte in the store and in the bucket",
                       site_deploys.sites, site_deploys.ROWS, site_deploys.goals, 50),
}  # fmt: skip


def read_options() -> argparse.Namespace:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__, epilog=EPILOG, formatter_class=layout)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--rollout", type=int, metavar="SECONDS", help="instead, one rollout that takes so long "
                      "(180 is what the goals are about): AWS calls while waiting, all programs at once")
    mode.add_argument("--promotion", type=int, metavar="MIB", help="instead, promotions of an image of this many MiB "
                      "(1024 is what the goals are about), beside docker; needs four times as much disk")
    mode.add_argument("--identity", action="store_const", const=0, help="instead, the time to the first signed call "
                      "with a token of GitHub, beside the SDK's own chain with a token in a file")
    mode.add_argument("--services", type=int, metavar="N", help="instead, one deploy of N services (20 is what the "
                      "goals are about), beside a script that fires the same calls at once; and 100 at 50 ms a call")
    mode.add_argument("--files", type=int, metavar="N", help="instead, `check` of a repository of N files (10000 is "
                      "what the goals are about), beside reading them, zizmor and detect-secrets")
    mode.add_argument("--site", type=int, metavar="N", help="instead, deploys and a rollback of a static site of N files "
                      "(10000 is what the goals are about), beside raw requests, aws s3 sync and s5cmd sync")
    mode.add_argument("--truth", action="store_true", help="instead, what each program says of a rollout, beside what "
                      "is true: a table in Markdown; and how long after its third failure a crash loop has a verdict")
    mode.add_argument("--smoke", action="store_true", help="each of the eight in its smallest form, one round, without "
                      "peers from PyPI")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each is measured (5)")
    parser.add_argument("--alone", action="store_true", help="shipgate without its peers, for trying a change of it")
    parser.add_argument("--json", type=argparse.FileType("w"), metavar="FILE", help="write every single figure to FILE")
    return parser.parse_args()  # fmt: skip


def perform(bench: Bench, name: str, size: int) -> Sequence[Json]:
    experiment, build = EXPERIMENTS[name], bench.binary.parent.name
    found = Found(experiment.samples(bench, size))
    bench.clean_up()
    rounds = len(found.all(experiment.rows[0]))
    title = f"{experiment.title.format(size)}, medians of {rounds} (ratio to shipgate; {build} build)"
    print(report(title, experiment.rows, found, experiment.goals(found, size)), flush=True)
    return [sample._asdict() for sample in found.samples]


def main() -> None:
    options = read_options()
    # scripts/bench parses first, and prepares what is measured after that.
    if "SHIPGATE_BINARY" not in os.environ:
        return
    # So that what was started is ended then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(options)
    shutil.rmtree(bench.directory, ignore_errors=True)
    bench.directory.mkdir(parents=True)
    asked: dict[str, Any] = {name: getattr(options, name, None) for name in EXPERIMENTS}
    sizes = {name: size for name, size in asked.items() if size is not None} or {"deploy": 0}
    if options.truth:
        sizes = {}
    if options.smoke:
        sizes = {name: it.smallest for name, it in EXPERIMENTS.items()}
    try:
        found: dict[str, Any] = {name: perform(bench, name, size) for name, size in sizes.items()}
        if options.truth or options.smoke:
            text, found["truth"] = truth.truth(bench)
            print(text, flush=True)
    except (Failed, OSError) as error:
        raise SystemExit(f"error: {error}") from error
    finally:
        measure.stop_all()
        bench.clean_up()
    if options.json:
        json.dump(found, options.json, indent=2)


main()
