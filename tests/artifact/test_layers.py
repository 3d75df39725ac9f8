"""What `sam build` made: bytecode that Lambda uses as it is, all that is loaded, and nothing more."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.options import ROOT
from local.template import BY_FOLDER, TEMPLATE
from tests.support.environment import default_environment

BUILD = ROOT / ".aws-sam" / "build"
PYTHON = ROOT / ".venv-lambda" / "bin" / "python"
DEPENDENCIES = BUILD / "DependenciesLayer" / "python"
OURS = BUILD / "CallscribeLayer" / "python"
_UNCHECKED_HASH = (1).to_bytes(4, "little")


def folders() -> list[Path]:
    return [DEPENDENCIES, OURS, *(BUILD / logical_id for logical_id, _ in BY_FOLDER.values())]


def run(code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, "-c", code],
        env={"PYTHONPATH": ":".join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_module_has_bytecode_that_does_not_look_at_its_source() -> None:
    """Magic number of Lambda's interpreter, and the flag that says: never checked (PEP 552)."""
    magic = run("import importlib.util, sys; sys.stdout.write(importlib.util.MAGIC_NUMBER.hex())")
    found = [path for folder in folders() for path in folder.rglob("*.pyc")]
    assert len(found) > 500
    for path in found:
        head = path.read_bytes()[:8]
        assert (head[:4].hex(), head[4:]) == (magic.stdout, _UNCHECKED_HASH), path


def test_no_module_is_without_bytecode() -> None:
    tag = run("import sys; sys.stdout.write(sys.implementation.cache_tag)").stdout
    sources = [path for folder in folders() for path in folder.rglob("*.py")]
    assert len(sources) > 200
    without = [
        s for s in sources if not (s.parent / "__pycache__" / f"{s.stem}.{tag}.pyc").exists()
    ]
    assert without == []


def test_layer_is_what_is_loaded_and_small() -> None:
    size = sum(path.stat().st_size for path in DEPENDENCIES.rglob("*") if path.is_file())
    assert size < 20_000_000
    names = {path.name for path in DEPENDENCIES.iterdir()}
    assert not names & {"aiohttp", "jwt", "attr", "tests"}
    assert not list(DEPENDENCIES.rglob("tests"))


def test_nothing_of_the_command_line_is_in_any_layer_or_function() -> None:
    names = {path.name for folder in folders() for path in folder.rglob("*") if path.is_dir()}
    assert "botocore" in names
    assert not names & {"callscribe_cli", "click", "docx", "lxml", "awscrt"}


def test_the_layer_s_aws_sdk_is_the_one_that_is_loaded() -> None:
    """Beside an older one, as Lambda's runtime has: AWS promises no version of that.

    On Lambda as here the layers come first: /var/task, /opt/python/lib/python3.13/site-packages,
    /opt/python, then the runtime's own (AWS: Working with .zip file archives for Python).
    """
    code = """
import boto3, botocore, dateutil, jmespath, s3transfer, six, sys, urllib3
for module in (boto3, botocore, dateutil, jmespath, s3transfer, six, urllib3):
    print(module.__file__)
"""
    loaded = run(code, DEPENDENCIES).stdout.split()
    assert len(loaded) == 7
    assert [path for path in loaded if not path.startswith(f"{DEPENDENCIES}/")] == []
    versions = "import boto3, botocore; print(boto3.__version__, botocore.__version__)"
    ours, runtime_s = run(versions, DEPENDENCIES).stdout.split(), run(versions).stdout.split()
    assert ours != runtime_s
    # boto/botocore#3651 is fixed in it
    assert tuple(map(int, ours[1].split("."))) >= (1, 42, 73)


def test_every_client_is_made_of_what_the_layer_has_left() -> None:
    """Each asks for its models, its endpoint and the defaults, in each of AWS's partitions."""
    code = """
import boto3
from callscribe.adapters.aws.clients import client_config
for region in ("us-east-1", "cn-north-1", "us-gov-west-1"):
    session = boto3.Session("key", "secret", region_name=region)
    for service in "dynamodb events s3 scheduler sqs ssm".split():
        client = session.client(service, config=client_config(service, (1, 1)))
        print(region in client.meta.endpoint_url or service == "s3")
"""
    done = run(code, DEPENDENCIES, OURS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True"] * 18


def test_bundle_of_roots_is_where_the_template_says() -> None:
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    name = variables["AWS_CA_BUNDLE"].removeprefix("/opt/python/")
    code = "import ssl; print(len(ssl.create_default_context(cafile=PATH).get_ca_certs()))"
    done = run(code.replace("PATH", repr(str(DEPENDENCIES / name))))
    assert done.stdout.strip() == "7", done.stderr


def test_everything_of_ours_can_be_imported_from_the_layers_alone() -> None:
    """Also what a function imports only when it is needed."""
    code = """
import importlib, pkgutil, callscribe
names = [m.name for m in pkgutil.walk_packages(callscribe.__path__, "callscribe.")]
for name in names:
    importlib.import_module(name)
from twilio.rest import Client
client = Client("SK", "secret", "AC")
client.calls("CA"), client.recordings("RE"), client.calls.page, client.recordings.page
from callscribe.domain.dialing.quiet_hours import is_quiet, read_quiet_hours
from datetime import datetime, UTC
import zoneinfo
zoneinfo.reset_tzpath(to=())  # as if the system had no time zones
zoneinfo.ZoneInfo.clear_cache()
assert is_quiet("+12125550123", datetime(2026, 1, 10, 3, tzinfo=UTC), read_quiet_hours("21:00-08:00"))
print(len(names))
"""
    done = run(code, DEPENDENCIES, OURS)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40


@pytest.mark.parametrize(
    "moved", ["aiohttp", "twilio/rest/api", "phonenumbers/geodata", "botocore/data/endpoints.json"]
)
def test_stripping_fails_loudly_when_a_package_has_moved_things(tmp_path: Path, moved: str) -> None:
    """On a layer in which all names stand but one."""
    path = ROOT / "layers" / "dependencies" / "strip.py"
    spec = importlib.util.spec_from_file_location("strip", path)
    assert spec is not None
    assert spec.loader is not None
    strip = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(strip)
    kept = [f"{folder}/{name}" for folder, names in strip.KEPT.items() for name in names]
    for name in (*strip.PACKAGES, *strip.FOLDERS, *strip.GENERATED, *kept):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    shutil.rmtree(tmp_path / moved)
    done = subprocess.run([PYTHON, path, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert moved in done.stdout
    assert (tmp_path / "aiosignal").exists(), "nothing may be removed by halves"


COMMON = {"app", "aws_lambda_powertools", "boto3", "botocore", "callscribe", "dateutil", "jmespath"}
COMMON |= {"certifi", "s3transfer", "six", "urllib3", "typing_extensions"}
# simplejson is Lambda's own runtime client's: requests takes it where it finds it
REQUESTS = {"charset_normalizer", "idna", "requests", "simplejson"}
REST = REQUESTS | {"twilio"}
# function → what it builds for an event, and the packages that are loaded then
LOADED: dict[str, tuple[str, set[str]]] = {
    "twiml": ("twilio_callbacks answer_call track_call", COMMON | {"twilio"}),
    "recording_complete": ("twilio_callbacks receive_recording", COMMON),
    "transcript_complete": ("assemblyai_webhooks finish_recording", COMMON | REQUESTS),
    "calls": (
        "read_calls redrive import_recordings request_erasure manage_dialing share_call",
        COMMON | {"phonenumbers"},
    ),
    "share": ("read_share", COMMON),
    "dial": ("place_call gateways.schedules", COMMON | REST | {"phonenumbers"}),
    "transcribe": ("handle_recording_messages", COMMON | REST),
    "reconcile": ("reconcile", COMMON | REST | {"phonenumbers"}),
}
# (multiprocessing is: boto3 imports s3transfer, and that imports it)
NOWHERE = "aiohttp pydantic aws_xray_sdk asyncio".split()


@pytest.mark.parametrize("folder", LOADED)
def test_nothing_is_loaded_that_its_path_does_not_use(folder: str) -> None:
    uses, expected = LOADED[folder]
    logical_id, _ = BY_FOLDER[folder]
    variables = {**default_environment(folder), "AWS_DEFAULT_REGION": "us-east-1"}
    code = f"""
import json, operator, os, sys
os.environ.update({variables!r})
import app
from callscribe.bootstrap.application import process_application
for path in {uses.split()!r}:
    operator.attrgetter(path)(process_application())
process_application().telemetry
print(json.dumps(sorted(sys.modules)))
"""
    done = run(code, BUILD / logical_id, DEPENDENCIES, OURS)
    assert done.returncode == 0, done.stderr
    modules = set(json.loads(done.stdout))
    packages = {name.split(".")[0] for name in modules} - sys.stdlib_module_names
    assert {name for name in packages if not name.startswith("_")} == expected
    assert [name for name in NOWHERE if name in modules] == []
    assert ("twilio.rest" in modules) is (folder in ("dial", "transcribe", "reconcile"))
