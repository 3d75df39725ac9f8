"""The documents tell of everything that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callscribe.adapters.assemblyai.options.table import OPTIONS, OWNED, REPLACED
from callscribe.adapters.twilio.errors import REFUSALS
from callscribe.api.problems import TITLES
from callscribe.domain.deadlines import DEFAULTS
from local.options import ROOT
from local.simulators.assemblyai.server import OPERATIONS as ASSEMBLYAI_OPERATIONS
from local.simulators.faults import CALLBACK_FAULTS, REQUEST_FAULTS
from local.simulators.twilio.server import OPERATIONS as TWILIO_OPERATIONS
from local.template import BY_FOLDER, RESOURCES, TEMPLATE, routes
from simulation.checks import PROMISES
from simulation.mutants import MUTANTS

PAGES = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
# a folder, a file below one, or a file at the top; "*" may stand for a name
NAMED_PATH = re.compile(r"`((?:[\w.*-]+/)+(?:[\w.*-]+\.[a-z]+)?|[\w-]+\.(?:py|yaml|toml|md))`")
PACKAGE = ROOT / "layers/callscribe/callscribe"
CODE = "".join(p.read_text() for p in PACKAGE.rglob("*.py"))


def missing(names: object, page: str) -> list[str]:
    return [name for name in sorted(names) if f"`{name}`" not in PAGES[page]]  # type: ignore[call-overload]


def test_api_page_names_every_route() -> None:
    assert missing({route for folder in BY_FOLDER for route in routes(folder)}, "api.md") == []


def test_architecture_page_names_the_use_cases_of_every_function() -> None:
    rows = dict(
        re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", PAGES["architecture.md"], re.MULTILINE)
    )
    assert set(rows) == set(BY_FOLDER)
    known = {path.stem for path in (PACKAGE / "use_cases").iterdir()}
    for folder, row in rows.items():
        named = set(re.findall(r"`(\w+)`", row))
        used = set(re.findall(r"\bapp\.(\w+)", (ROOT / f"functions/{folder}/app.py").read_text()))
        assert used & known <= named <= known, folder


def test_pictures_name_every_folder_of_the_package() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    for document in (ROOT / "README.md", ROOT / "docs/architecture.md"):
        assert folders <= set(re.findall(r'(\w+)\["\1/<br>', document.read_text())), document.name


def test_api_page_names_every_problem_and_code() -> None:
    codes = set(re.findall(r'Failure\(\s*"([a-z_0-9]+)"', CODE))
    assert len(codes) > 30
    assert missing({*codes, *TITLES}, "api.md") == []


def test_api_page_names_every_twilio_code_that_is_mapped() -> None:
    assert [code for code in REFUSALS if str(code) not in PAGES["api.md"]] == []


def test_api_page_names_every_option() -> None:
    assert missing({*OPTIONS, *OWNED, *REPLACED, "speech_models"}, "api.md") == []


def test_api_page_names_every_field_of_a_request() -> None:
    source = (PACKAGE / "domain/call_requests.py").read_text()
    fields = re.search(r"_FIELDS = \{(.*?)\}", source, re.DOTALL)
    assert fields is not None
    assert missing(re.findall(r'"(\w+)"', fields[1]), "api.md") == []


def test_configuration_page_names_every_parameter_variable_and_secret() -> None:
    names = {*TEMPLATE["Parameters"], *TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]}
    for _, function in BY_FOLDER.values():
        names |= set(function["Properties"]["Environment"]["Variables"])
    names |= {name for name in TEMPLATE["Outputs"] if name.endswith("ParameterName")}
    assert missing(names, "configuration.md") == []


def test_operating_page_names_every_metric_and_alarm() -> None:
    metrics = set(re.findall(r'\.count\(\s*"(\w+)"', CODE))
    metrics |= {"TranscriptCompleted", "RecordingSilent", "RecordingAbsent", "TranscriptFailed"}
    alarms = {n for n, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    assert missing(metrics | alarms, "operating.md") == []
    asked = set(re.findall(r"counts\.(\w+)", PAGES["operating.md"]))
    assert asked
    assert asked <= metrics


def test_faults_page_names_every_fault_and_operation() -> None:
    names = {*REQUEST_FAULTS, *CALLBACK_FAULTS, *TWILIO_OPERATIONS, *ASSEMBLYAI_OPERATIONS}
    assert missing(names, "faults.md") == []


def test_reliability_page_names_every_planted_bug_and_promise() -> None:
    page = PAGES["reliability.md"]
    assert [mutant.what for mutant in MUTANTS if f"- {mutant.what}\n" not in page] == []
    named = set(re.findall(r"`([a-z-]+)`", page))
    assert set(PROMISES) - {"bug", "quiet"} <= named


def test_configuration_page_names_every_deadline() -> None:
    assert missing(DEFAULTS, "configuration.md") == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_that_are_named_exist(document: Path) -> None:
    # what `make demo` writes is not there before
    paths = {p for p in NAMED_PATH.findall(document.read_text()) if not p.startswith(".demo/")}
    roots = (ROOT, PACKAGE)
    assert [p for p in sorted(paths) if not any(any(r.glob(p)) for r in roots)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_that_are_shown_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = set(
        re.findall(r"`make ([a-z-]+)|^\s*make ([a-z-]+)", document.read_text(), re.MULTILINE)
    )
    assert {name for pair in shown for name in pair if name} <= targets


def test_every_dependency_is_justified() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    groups = text.split("[dependency-groups]")[1].split("[tool.")[0]
    names = set(re.findall(r'^\s*"?([a-z0-9-]+)[\[>=<;~]', groups, re.MULTILINE))
    names |= set(re.findall(r'"([a-z0-9-]+)(?:\[[^\]]*\])?[>=<~]', groups))
    decisions = (ROOT / "docs/decisions/dependencies.md").read_text()
    assert [name for name in sorted(names) if f"`{name}`" not in decisions] == []
