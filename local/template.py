"""What template.yaml says, for everything here that must agree with it.

CloudFormation's short forms are read as {"Ref": value}, {"GetAtt": value}, {"Sub": value}.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

import yaml

from local.options import ROOT


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the HTTP API; ``function`` is the logical id of what serves it."""

    method: str
    path: str
    function: str
    needs_signature: bool

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    def match(self, method: str, raw_path: str) -> dict[str, str] | None:
        """The path's parameters where this route serves the request."""
        found = _pattern(self.path).fullmatch(raw_path) if method == self.method else None
        return None if found is None else {k: unquote(v) for k, v in found.groupdict().items()}

    @property
    def specificity(self) -> tuple[int, str]:
        """Sorted by it, the first route that matches is the one that API Gateway takes."""
        return self.path.count("{"), self.path


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


class _Loader(yaml.SafeLoader):
    """Reads the short forms."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _short_form)
TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
# folder → (logical id, resource)
BY_FOLDER = {
    resource["Properties"]["CodeUri"].rstrip("/").rpartition("/")[2]: (logical_id, resource)
    for logical_id, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::Function"
}


def function(folder: str) -> dict[str, Any]:
    """The properties of the function whose code is in ``functions/<folder>``."""
    properties: dict[str, Any] = BY_FOLDER[folder][1]["Properties"]
    return properties


def routes(folder: str) -> dict[str, Route]:
    """By route key, those that a function serves."""
    found = {}
    for event in function(folder)["Events"].values():
        if event["Type"] == "HttpApi":
            properties = event["Properties"]
            signed = properties.get("Auth", {}).get("Authorizer") != "NONE"
            route = Route(properties["Method"], properties["Path"], BY_FOLDER[folder][0], signed)
            found[route.key] = route
    return found


def signed_routes() -> set[str]:
    """The route keys that clients ask: all but the vendors' callbacks."""
    every = [route for folder in BY_FOLDER for route in routes(folder).values()]
    return {route.key for route in every if route.needs_signature}


def statements(folder: str) -> list[dict[str, Any]]:
    """The statements of a function's role."""
    role, _, _ = function(folder)["Role"]["GetAtt"].partition(".")
    policies = RESOURCES[role]["Properties"]["Policies"]
    return [s for policy in policies for s in policy["PolicyDocument"]["Statement"]]


def environment_defaults() -> dict[str, str]:
    """Every variable of a function that is a parameter with a default, which it then has."""
    variables = [function(folder)["Environment"]["Variables"] for folder in BY_FOLDER]
    references = {
        name: value["Ref"]
        for each in variables
        for name, value in each.items()
        if isinstance(value, dict) and "Default" in PARAMETERS.get(value.get("Ref", ""), {})
    }
    return {name: str(PARAMETERS[ref]["Default"]) for name, ref in references.items()}


def reconcile_seconds() -> int:
    """Between two runs of ``reconcile``, by its schedule."""
    [schedule] = [e for e in function("reconcile")["Events"].values() if e["Type"] == "ScheduleV2"]
    [minutes] = re.findall(r"^rate\((\d+) minutes\)$", schedule["Properties"]["ScheduleExpression"])
    return int(minutes) * 60
