"""What GitHub's official OpenAPI description says of a request, and of an answer.

The description (npm @octokit/openapi) is OpenAPI 3.0. Its request bodies allow any further member; here only what is
described is right, since a misspelt member would be ignored by GitHub without a word.
"""

import json
import re
from urllib.parse import quote

from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

METHODS = {"get", "post", "put", "patch", "delete"}
ROOT = "urn:github"


class Operation:
    """A path of the description with one of its methods."""

    def __init__(self, method, template, document):
        self.method = method
        self.template = template
        self.document = document
        # A parameter of a path holds no slash, but for the path of a file at the end.
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        self.pattern = re.compile(re.sub(r"\(\?P<path>\[\^/\]\+\)$", "(?P<path>.+)", pattern))


class Description:
    def __init__(self, file, served):
        """`served`: the pairs of method and path that the stand-in answers."""
        with open(file, encoding="utf-8") as opened:
            self.document = json.load(opened, object_hook=with_null)
        self.registry = Registry().with_resource(ROOT, DRAFT4.create_resource(self.document))
        self.operations = []
        for method, template in served:
            described = self.document["paths"][template][method.lower()]
            self.operations.append(Operation(method, template, described))

    def operation(self, method, path):
        """The operation of a request with what its path names. `None`: there is none."""
        for operation in self.operations:
            found = operation.pattern.fullmatch(path)
            if found and operation.method == method:
                return operation, found.groupdict()
        return None, {}

    def problems_of_request(self, operation, named, query, headers, body):
        """All that is wrong with a request, in words."""
        parameters = [self.resolved(parameter) for parameter in operation.document.get("parameters", [])]
        by_place = {place: {p["name"]: p for p in parameters if p["in"] == place} for place in ("path", "query", "header")}
        problems = []
        problems += self.problems_of_values("path", by_place["path"], list(named.items()))
        problems += self.problems_of_values("query", by_place["query"], query)
        described = [(name, headers[name]) for name in by_place["header"] if name in headers]
        problems += self.problems_of_values("header", by_place["header"], described)
        problems += problems_of_manners(query, headers)
        problems += self.problems_of_body(operation, headers, body)
        return problems

    def problems_of_values(self, place, described, values):
        problems = []
        for name in [name for name, _ in values if name not in described]:
            problems.append(f"{place}: `{name}` is not described")
        given = dict(values)
        for name, parameter in described.items():
            if name not in given:
                if parameter.get("required"):
                    problems.append(f"{place}: `{name}` is missing")
                continue
            schema = self.resolved(parameter["schema"])
            problems += self.problems(f"{place} {name}", cast(given[name], schema), schema)
        return problems

    def problems_of_body(self, operation, headers, body):
        described = operation.document.get("requestBody")
        if not described:
            return ["body: none is described"] if body else []
        if not body and not described.get("required"):
            return []
        if headers.get("Content-Type", "").split(";")[0] != "application/json":
            return ["body: its Content-Type is not application/json"]
        try:
            value = json.loads(body)
        except ValueError as error:
            return [f"body: no JSON: {error}"]
        place = [*self.place(operation), "requestBody", "content", "application/json", "schema"]
        schema = self.resolved(described["content"]["application/json"]["schema"])
        unknown = set(value) - set(schema.get("properties", {})) if isinstance(value, dict) else set()
        problems = [f"body: `{name}` is not described" for name in sorted(unknown)]
        return problems + self.problems("body", value, pointer(place))

    def problems_of_answer(self, operation, status, value):
        """All that is wrong with an answer of ours. A refusal that is not described in particular has the usual form."""
        described = operation.document["responses"].get(str(status))
        if described is None:
            if status < 400:
                return [f"answer: {status} is not described"]
            return self.problems("answer", value, pointer(["components", "schemas", "basic-error"]))
        content = self.resolved(described).get("content", {}).get("application/json")
        if content is None:
            return ["answer: no body is described"] if value is not None else []
        return self.problems("answer", value, self.located(content["schema"]))

    def problems(self, what, value, schema):
        validator = OAS30Validator(schema, registry=self.registry)
        found = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
        return [f"{what}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]

    def place(self, operation):
        return ["paths", operation.template, operation.method.lower()]

    def resolved(self, value):
        while "$ref" in value:
            found = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def located(self, schema):
        """The same schema with references that lead into the description, from wherever it is used. A discriminator is
        a second way to say which of several schemas is meant, and its references are not followed."""
        if isinstance(schema, dict):
            return {
                key: ROOT + value if key == "$ref" else self.located(value)
                for key, value in schema.items()
                if key != "discriminator"
            }
        return [self.located(value) for value in schema] if isinstance(schema, list) else schema


def with_null(schema):
    """A schema whose value may be null has null among its values, which the validator wants to be said."""
    values = schema.get("enum")
    if schema.get("nullable") is True and isinstance(values, list) and None not in values:
        values.append(None)
    return schema


def pointer(parts):
    escaped = "/".join(quote(part.replace("~", "~0").replace("/", "~1")) for part in parts)
    return {"$ref": f"{ROOT}#/{escaped}"}


def cast(text, schema):
    """A value of a path, a query or a header, which is always text, as what it stands for."""
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def problems_of_manners(query, headers):
    """What GitHub's documentation asks for and its description does not say."""
    problems = []
    if headers.get("X-GitHub-Api-Version") != "2022-11-28":
        problems.append("header: X-GitHub-Api-Version is not 2022-11-28")
    if headers.get("Accept") != "application/vnd.github+json":
        problems.append("header: Accept is not application/vnd.github+json")
    if not headers.get("User-Agent"):
        problems.append("header: User-Agent is missing")
    for name, value in query:
        if name == "per_page" and value.isdigit() and not 1 <= int(value) <= 100:
            problems.append("query: `per_page` is not between 1 and 100")
    return problems
