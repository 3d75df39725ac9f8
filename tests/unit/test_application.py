"""The application of each function: made from the template's environment, all of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cached_property

import pytest

from callscribe.bootstrap.application import Application
from callscribe.bootstrap.gateways import AwsGateways
from callscribe.bootstrap.settings import Settings
from local.options import ROOT
from local.template import statements
from tests.support.environment import default_environment
from tests.unit.test_template import FUNCTIONS


class Watched(Mapping[str, str]):
    """An environment that knows what was read of it."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def asked_of_application(folder: str) -> set[str]:
    """The parts of the application that a function's handlers name."""
    tree = ast.parse((ROOT / "functions" / folder / "app.py").read_text())
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {name for name in named if isinstance(getattr(Application, name, None), cached_property)}


def made_with_all_parts(folder: str, environment: Mapping[str, str]) -> Application:
    """A function's application, after its handlers have asked for everything that they use."""
    settings = Settings(environment)
    app = Application(settings, AwsGateways(settings))
    assert app.telemetry
    names = asked_of_application(folder)
    assert names
    for name in names:
        getattr(app, name)
    return app


def secrets_read(settings: Settings) -> set[str]:
    """The names of the parameters that were asked for."""
    return {value for name, value in vars(settings).items() if name.endswith("_parameter_name")}


def secrets_allowed(folder: str, stack_name: str) -> set[str]:
    """The names of the parameters that a function's role may read."""
    return {
        resource["Sub"].partition(":parameter")[2].replace("${AWS::StackName}", stack_name)
        for statement in statements(folder)
        if statement["Action"] == ["ssm:GetParameter"]
        for resource in statement["Resource"]
    }


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_function_is_given_and_may_read_exactly_what_its_use_cases_need(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    given = {
        name: value
        for name, value in default_environment(folder).items()
        if not name.startswith(("AWS_", "POWERTOOLS_"))
    }
    environment = Watched(given)
    settings = made_with_all_parts(folder, environment).settings
    assert set(given) == environment.read & set(given)
    assert secrets_read(settings) == secrets_allowed(folder, settings.stack_name)


def test_each_part_is_made_once() -> None:
    settings = Settings(default_environment("calls"))
    app = Application(settings, AwsGateways(settings))
    assert app.settings is settings
    assert app.gateways.telemetry is app.telemetry
