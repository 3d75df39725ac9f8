"""What the layer keeps of the AWS SDK: the services that the application has clients for."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import botocore
import certifi

from local.options import ROOT

GATEWAYS = ROOT / "layers/callscribe/callscribe/bootstrap/gateways.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("strip", ROOT / "layers/dependencies/strip.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_layer_keeps_exactly_the_services_that_a_client_is_made_for() -> None:
    made = set(re.findall(r'_clients\.make\(\s*"(\w+)"', GATEWAYS.read_text()))
    assert made == set(load().SERVICES)


def test_models_lose_their_texts_and_nothing_else() -> None:
    strip = load()
    model = {
        "documentation": "<p>A service</p>",
        "shapes": {"documentation": {"type": "string", "documentation": "a field of this name"}},
        "operations": [{"name": "Get", "documentation": "<p>Gets</p>"}],
    }
    assert strip.undocumented(model) == {
        "documentation": "",
        "shapes": {"documentation": {"type": "string", "documentation": ""}},
        "operations": [{"name": "Get", "documentation": ""}],
    }


def test_all_of_aws_s_roots_are_in_the_bundle() -> None:
    found = load().roots(Path(certifi.where()).read_text())
    assert found.count("BEGIN CERTIFICATE") == len(load().ROOTS)


def test_shared_files_are_all_that_botocore_has() -> None:
    """A new one would be missed by every client."""
    data = Path(botocore.__file__).parent / "data"
    assert {path.name for path in data.glob("*.json*")} == set(load().SHARED)
    assert json.loads((data / "endpoints.json").read_text())["partitions"]
