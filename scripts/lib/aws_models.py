"""What AWS itself says of the operations that shipgate calls: tests/aws/SERVICE.json, cut out of botocore's models.

    aws_models.py            writes the files
    aws_models.py --check    fails when they are not what the installed botocore says

The scripted endpoint of the tests (tests/it/scripted/account) holds every request and every answer against them. Only
what these operations reach is kept, without documentation; one operation or shape a line, sorted.

Botocore: Copyright Amazon.com, Inc. or its affiliates, Apache License 2.0, https://github.com/boto/botocore
"""

import gzip
import json
import pathlib
import sys

import botocore

DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "tests" / "aws"

# The one list of operations.
OPERATIONS = {
    "amplify": ["GetApp", "GetBranch", "GetJob", "ListBranches", "ListJobs"],
    "cloudwatch": ["DescribeAlarms"],
    "ecr": ["BatchGetImage", "CreateRepository", "DescribeRepositories", "GetAuthorizationToken"],
    "ecs": [
        "ContinueServiceDeployment",
        "DescribeServiceDeployments",
        "DescribeServiceRevisions",
        "DescribeServices",
        "DescribeTaskDefinition",
        "DescribeTasks",
        "ListServiceDeployments",
        "ListTaskDefinitions",
        "ListTasks",
        "RegisterTaskDefinition",
        "RunTask",
        "StopServiceDeployment",
        "StopTask",
        "TagResource",
        "UntagResource",
        "UpdateService",
    ],
    "iam": ["GetRole"],
    "logs": ["FilterLogEvents", "GetLogEvents"],
    "sts": ["AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"],
}

# What is known of a shape and of a member, and matters on the wire; and what does not. Anything else stops this program,
# so that a later botocore is not half understood. The tests refuse what they do not know, too.
KEPT = {
    "document", "enum", "error", "key", "max", "member", "members", "min", "pattern", "required", "shape", "type", "value",
}
DROPPED = {
    "box", "deprecated", "deprecatedMessage", "deprecatedSince", "documentation", "exception", "fault",
    "idempotencyToken", "location", "locationName", "sensitive", "synthetic", "union", "xmlOrder",
}


def newest(service):
    found = sorted((pathlib.Path(botocore.__file__).parent / "data" / service).glob("*/service-2.json.gz"))
    return json.loads(gzip.decompress(found[-1].read_bytes()))


def kept(service, name, described):
    unknown = set(described) - KEPT - DROPPED
    if unknown:
        sys.exit(f"error: {service} has {sorted(unknown)} at {name}\nhint: add them to KEPT or to DROPPED of {__file__}")
    return {key: value for key, value in sorted(described.items()) if key in KEPT}


def shape(service, name, described):
    result = kept(service, name, described)
    for key in ("key", "member", "value"):
        if key in result:
            result[key] = kept(service, f"{name}.{key}", result[key])
    if "members" in result:
        members = sorted(result["members"].items())
        result["members"] = {member: kept(service, f"{name}.{member}", about) for member, about in members}
    # Without a code of its own, an error has the name of its shape.
    if "code" in result.get("error", {}):
        result["error"] = result["error"]["code"]
    else:
        result.pop("error", None)
    for key in ("enum", "required"):
        if key in result:
            result[key] = sorted(result[key])
    return result


def referred(described):
    singles = [described[key] for key in ("key", "member", "value") if key in described]
    return [other["shape"] for other in [*singles, *described.get("members", {}).values()]]


def extract(service, operations):
    model = newest(service)
    found, waiting = {}, []
    kept_operations = {}
    for name in sorted(operations):
        described = model["operations"][name]
        errors = sorted(error["shape"] for error in described.get("errors", []))
        operation = {"errors": errors}
        for side in ("input", "output"):
            if side in described:
                operation[side] = described[side]["shape"]
        if "resultWrapper" in described.get("output", {}):
            operation["resultWrapper"] = described["output"]["resultWrapper"]
        waiting += [*errors, *(operation[side] for side in ("input", "output") if side in operation)]
        kept_operations[name] = operation
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = shape(service, name, model["shapes"][name])
            waiting += referred(found[name])
    metadata = {key: model["metadata"][key] for key in ("apiVersion", "protocol", "targetPrefix") if key in model["metadata"]}
    return metadata, kept_operations, dict(sorted(found.items()))


def text(service, operations):
    metadata, operations, shapes = extract(service, operations)

    def block(entries):
        lines = (f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
        return "{\n" + ",\n".join(lines) + "\n  }"

    return (
        f'{{\n  "botocore": "{botocore.__version__}",\n  "metadata": {json.dumps(metadata)},\n'
        f'  "operations": {block(operations)},\n  "shapes": {block(shapes)}\n}}\n'
    )


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    texts = {DIRECTORY / f"{service}.json": text(service, operations) for service, operations in OPERATIONS.items()}
    if not arguments:
        DIRECTORY.mkdir(exist_ok=True)
        for path, content in texts.items():
            path.write_text(content, encoding="utf-8")
        return
    other = [path for path, content in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != content]
    other += set(DIRECTORY.iterdir()) - set(texts)
    if other:
        names = ", ".join(sorted(str(path.relative_to(DIRECTORY.parents[1])) for path in other))
        sys.exit(
            f"error: botocore {botocore.__version__} says something else: {names}\n"
            "hint: run `target/stack-venv/bin/python scripts/lib/aws_models.py`, and read the difference"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
