"""Where the API is, who says so first, and what is told where it is not known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callscribe_cli.discovery import Discovery, Options, Place
from callscribe_cli.errors import NoStackError
from local.http_server import Response
from tests.cli.conftest import Callscribe
from tests.cli.double import REGION, ApiDouble

URL = "https://abc.execute-api.eu-west-1.amazonaws.com"


class Cloud:
    """CloudFormation, and how often it was asked."""

    region: str | None = REGION
    asked = 0

    def api_url_of(self, stack: str, region: str | None) -> str:
        self.asked += 1
        return f"https://{stack}.example/{region}"


def place(folder: Path, options: Options | None = None, **environment: str) -> Place:
    where = Discovery({"HOME": str(folder), **environment}, folder)
    return where.place(options or Options())


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A folder in which every file says something else."""
    config = tmp_path / ".config/callscribe/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('stack = "of-config"\nregion = "eu-north-1"\n')
    (tmp_path / "samconfig.toml").write_text(
        '[default.global.parameters]\nstack_name = "of-sam"\nregion = "us-west-2"\n'
    )
    return tmp_path


def test_first_that_says_where_is_heard(configured: Path) -> None:
    environment = {"CALLSCRIBE_STACK": "of-environment", "CALLSCRIBE_API_URL": URL}
    options = Options(stack="named")
    assert place(configured, Options(api_url=URL), **environment).source == "--api-url"
    assert place(configured, None, **environment).source == "CALLSCRIBE_API_URL"
    assert place(configured, options, **environment) == Place(stack="named", source="--stack")
    del environment["CALLSCRIBE_API_URL"]
    assert place(configured, None, **environment).stack == "of-environment"
    assert place(configured).stack == "of-config"
    assert place(configured).region == "eu-north-1"
    (configured / ".config/callscribe/config.toml").unlink()
    below = configured / "functions/calls"
    below.mkdir(parents=True)
    found = place(below, HOME=str(configured))
    assert (found.stack, found.region) == ("of-sam", "us-west-2")


def test_nothing_known_is_told(callscribe: Callscribe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLSCRIBE_API_URL")
    result = callscribe("list")
    assert result.code == 2
    assert "--stack NAME" in result.fix


@pytest.mark.parametrize("text", ["stack = ", "\x00"])
def test_broken_file_is_named(configured: Path, text: str) -> None:
    path = configured / ".config/callscribe/config.toml"
    path.write_text(text)
    with pytest.raises(NoStackError, match=str(path)):
        place(configured)


@pytest.mark.parametrize(
    "url",
    ["http://api.example", "api.example", "ftp://api.example", "https://", "file:///etc/passwd"],
)
def test_address_must_be_encrypted(tmp_path: Path, url: str) -> None:
    where = Discovery({}, tmp_path)
    with pytest.raises(NoStackError, match="https"):
        where.resolve(Place(api_url=url, source="--api-url"), Cloud(), None)


def test_region_is_that_of_the_address(tmp_path: Path) -> None:
    where, cloud = Discovery({}, tmp_path), Cloud()
    assert where.resolve(Place(api_url=URL, source="x"), cloud, None) == (URL, "eu-west-1")
    own = "https://calls.example"
    assert where.resolve(Place(api_url=own, source="x"), cloud, None) == (own, REGION)
    cloud.region = None
    with pytest.raises(NoStackError, match="region"):
        where.resolve(Place(api_url=own, source="x"), cloud, None)


def test_stack_is_asked_for_once(tmp_path: Path) -> None:
    where, cloud = Discovery({"HOME": str(tmp_path)}, tmp_path), Cloud()
    one = Place(stack="one", source="--stack")
    assert where.resolve(one, cloud, None) == where.resolve(one, cloud, None)
    assert cloud.asked == 1
    where.resolve(one, cloud, "another-account")
    where.resolve(Place(stack="two", source="--stack"), cloud, None)
    assert cloud.asked == 3
    where.forget()
    where.resolve(one, cloud, None)
    assert cloud.asked == 4


def test_kept_address_has_an_end(tmp_path: Path) -> None:
    where, cloud = Discovery({"HOME": str(tmp_path)}, tmp_path), Cloud()
    one = Place(stack="one", source="--stack")
    where.resolve(one, cloud, None)
    kept = json.loads(where.cache_file.read_text())
    where.cache_file.write_text(json.dumps({key: {**v, "until": 0} for key, v in kept.items()}))
    where.resolve(one, cloud, None)
    where.cache_file.write_text("not JSON")
    where.resolve(one, cloud, None)
    assert cloud.asked == 3


def test_stack_is_found_by_cloudformation(
    callscribe: Callscribe, double: ApiDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", double.url)
    for _ in range(2):
        assert callscribe("dialing", "status", "--stack", "callscribe-dev").code == 0
    assert double.described == 1


def test_address_that_answers_no_more_is_forgotten(
    callscribe: Callscribe, double: ApiDouble, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", double.url)
    callscribe("dialing", "status", "--stack", "callscribe-dev")
    kept = home / ".cache/callscribe/stacks.json"
    kept.write_text(kept.read_text().replace(double.url, "http://127.0.0.1:9"))
    assert callscribe("dialing", "status", "--stack", "callscribe-dev").code == 1
    assert callscribe("dialing", "status", "--stack", "callscribe-dev").code == 0


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_region_is_that_of_the_environment(
    callscribe: Callscribe, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv(name, REGION)
    assert callscribe("dialing", "status").code == 0
    monkeypatch.delenv(name)
    assert callscribe("dialing", "status").code == 2


def test_missing_credentials_are_told(
    callscribe: Callscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    result = callscribe("list")
    assert (result.code, result.out) == (4, "")
    assert "aws sso login" in result.fix


def test_unknown_profile_is_told(callscribe: Callscribe) -> None:
    result = callscribe("list", "--profile", "no-such")
    assert result.code == 4
    assert "no-such" in result.err


def test_refused_signature_is_a_matter_of_credentials(
    callscribe: Callscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    result = callscribe("list")
    assert (result.code, result.out) == (4, "")
    assert "get-caller-identity" in result.fix


@pytest.mark.parametrize(
    "answer",
    [
        Response(headers={"Content-Type": "text/html"}, body=b"<h1>Welcome</h1>"),
        Response(headers={"Content-Type": "application/json"}, body=b"[]"),
        Response(status=301, headers={"Location": "https://elsewhere.example/"}),
        Response(status=404, body=b"<h1>Not here</h1>"),
    ],
    ids=["page", "list", "redirect", "missing"],
)
def test_other_server_is_recognized(
    callscribe: Callscribe, double: ApiDouble, answer: Response
) -> None:
    double.fault("GET", ".*", answer, times=9)
    for command in (["list"], ["dialing", "status"], ["show", "c1" * 16]):
        result = callscribe(*command)
        assert (result.code, result.out) == (1, "")
        assert "--api-url" in result.fix


def test_nothing_that_listens_is_told(callscribe: Callscribe) -> None:
    result = callscribe("list", "--api-url", "http://127.0.0.1:9")
    assert result.code == 1
    assert "cannot be reached" in result.err
