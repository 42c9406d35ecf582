"""Measures a deploy with shipgate and with its peers on the local cloud. Started by scripts/bench."""

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from identity import starts
from promotion import promotions
from proxy import Proxy
from report import report_deploys, report_rollouts
from report_identity import report_starts
from report_promotions import report_promotions
from scenarios import Deploy, Rollout, deploys, rollouts, say
from scene import Scene
from smoke import check
from tools import AwsCli, Fabfuel, OfficialAction, Shipgate, Tool, ToolFailed


def main() -> None:
    options = read_options()
    # So that what was started is ended then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.directory.exists():
        shutil.rmtree(options.directory)
    options.directory.mkdir(parents=True)
    if options.identity:
        bench_identity(options)
    elif options.promotion:
        bench_promotions(options)
    else:
        bench_deploys(options)


def bench_identity(options: argparse.Namespace) -> None:
    peers = Path(sys.executable).parent
    try:
        found = starts(options.directory, options.binary, peers, options.identity, options.rounds, options.alone)
    except ToolFailed as error:
        raise SystemExit(f"error: {error}") from error
    except OSError as error:
        raise SystemExit(f"error: the bench itself failed: {error}") from error
    tell(options, "identity", report_starts(found, options.profile), found)


def bench_promotions(options: argparse.Namespace) -> None:
    size = options.promotion * 2**20
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    try:
        found = promotions(
            endpoint, options.directory, options.binary, size, options.registry, options.rounds, options.alone
        )
    except ToolFailed as error:
        raise SystemExit(f"error: {error}") from error
    except (BotoCoreError, ClientError, RuntimeError, TimeoutError) as error:
        raise SystemExit(f"error: the bench itself failed: {error}") from error
    tell(options, "promotion", report_promotions(found, size, options.profile), found)


def tell(options: argparse.Namespace, mode: str, text: str, found: Sequence[object]) -> None:
    print(text)
    if options.smoke:
        check(mode, text, found)
    if options.json:
        options.json.write_text(json.dumps(found, default=vars, indent=2) + "\n")


def bench_deploys(options: argparse.Namespace) -> None:
    tools = tools_of(options)
    for tool in tools:
        say(f"{tool.name}: {tool.about}")
    endpoint, hosts = os.environ["AWS_ENDPOINT_URL"], os.environ["SHIPGATE_REGISTRY_HOSTS"]
    scene = Scene(endpoint, hosts, options.directory, options.sources)
    found: Sequence[Deploy] | Sequence[Rollout]
    try:
        releases = scene.make_releases()
        proxy = Proxy(*scene.address)
        if options.rollout:
            found = rollouts(scene, proxy, tools, releases, options.rollout)
            text = report_rollouts(found, options.profile)
        else:
            found = deploys(scene, proxy, tools, releases, options.rounds)
            text = report_deploys(found, options.profile)
    except ToolFailed as error:
        raise SystemExit(f"error: {error}") from error
    except (BotoCoreError, ClientError, RuntimeError, TimeoutError) as error:
        raise SystemExit(f"error: the bench itself failed: {error}") from error
    finally:
        scene.remove_services()
    tell(options, "rollout" if options.rollout else "deploy", text, found)


def read_options() -> argparse.Namespace:
    # Named as what people type; scripts/bench adds what it knows itself.
    parser = argparse.ArgumentParser(prog="scripts/bench", add_help=False)
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--rollout", type=seconds)
    parser.add_argument("--promotion", type=positive)
    parser.add_argument("--identity", type=Path)
    parser.add_argument("--registry", type=Path)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--sources", type=Path, required=True)
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def seconds(text: str) -> float:
    """The AWS CLI's waiter gives up after 600 s, so that a longer rollout cannot be compared."""
    number = float(text)
    if not 5 <= number <= 540:
        raise argparse.ArgumentTypeError("a rollout takes between 5 and 540 seconds here")
    return number


def tools_of(options: argparse.Namespace) -> list[Tool]:
    """Shipgate first: the others are compared with it."""
    peers = Path(sys.executable).parent
    tools: list[Tool] = [Shipgate(options.binary)]
    if options.alone:
        return tools
    tools += [Fabfuel(peers), AwsCli(peers)]
    official = os.environ.get("SHIPGATE_BENCH_OFFICIAL_ACTION")
    if official:
        tools.append(OfficialAction(Path(official).resolve()))
    else:
        say("without the official action: SHIPGATE_BENCH_OFFICIAL_ACTION names no checkout of it")
    return tools


main()
