"""Where the API is: --api-url, CALLSCRIBE_API_URL, --stack, CALLSCRIBE_STACK, config, samconfig.toml.

Asking CloudFormation takes 0.65 s, so its answer is kept for a day.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from callscribe_cli.errors import NoStackError

_KEPT_SECONDS = 24 * 3600
_EXECUTE_API = re.compile(r"[a-z0-9]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_STACK_FIX = "--stack NAME; or set CALLSCRIBE_STACK, or `stack` in the config file"
_FIX = "--stack NAME or --api-url URL; or set CALLSCRIBE_STACK, or `stack` in the config file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``api_url`` or ``stack``, and who says so; ``region`` None: AWS's configuration decides."""

    api_url: str | None = None
    stack: str | None = None
    region: str | None = None
    source: str


class Cloud(Protocol):
    """What discovery asks AWS."""

    @property
    def region(self) -> str | None: ...

    def api_url_of(self, stack: str, region: str | None) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """As given on the command line."""

    api_url: str | None = None
    stack: str | None = None
    region: str | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Discovery:
    """``folder``: where samconfig.toml is looked for, upward."""

    environment: Mapping[str, str]
    folder: Path

    def place(self, options: Options) -> Place:
        """The first that says where.

        Raises:
            NoStackError: none does, or a file cannot be read.
        """
        for place in self._places(options):
            if place.api_url or place.stack:
                return place
        raise NoStackError("which stack is not known", fix=_FIX)

    def stack(self, options: Options) -> Place:
        """The first that names a stack: for what an address alone cannot tell.

        Raises:
            NoStackError: none does, or a file cannot be read.
        """
        for place in self._places(options):
            if place.stack:
                return place
        raise NoStackError("which stack is not known", fix=_STACK_FIX)

    def _places(self, options: Options) -> Iterator[Place]:
        get, region = self.environment.get, options.region
        yield Place(api_url=options.api_url, region=region, source="--api-url")
        # a stack that is named outright beats an address of the environment
        if not options.stack:
            url = get("CALLSCRIBE_API_URL")
            yield Place(api_url=url, region=region, source="CALLSCRIBE_API_URL")
        yield Place(stack=options.stack, region=region, source="--stack")
        yield Place(stack=get("CALLSCRIBE_STACK"), region=region, source="CALLSCRIBE_STACK")
        yield self._configured(region)
        yield self._deployed(region)

    def _configured(self, region: str | None) -> Place:
        path = self.config_file
        given = _read_toml(path)
        return Place(
            api_url=given.get("api_url"),
            stack=given.get("stack"),
            region=region or given.get("region"),
            source=str(path),
        )

    def _deployed(self, region: str | None) -> Place:
        for folder in (self.folder, *self.folder.parents):
            path = folder / "samconfig.toml"
            if path.is_file():
                given = _sam_parameters(_read_toml(path))
                return Place(
                    stack=given.get("stack_name"),
                    region=region or given.get("region"),
                    source=str(path),
                )
        return Place(source="samconfig.toml")

    @property
    def config_file(self) -> Path:
        return self._home("XDG_CONFIG_HOME", ".config") / "callscribe" / "config.toml"

    @property
    def cache_file(self) -> Path:
        return self._home("XDG_CACHE_HOME", ".cache") / "callscribe" / "stacks.json"

    @property
    def data_folder(self) -> Path:
        return self._home("XDG_DATA_HOME", ".local/share") / "callscribe"

    def _home(self, variable: str, name: str) -> Path:
        given = Path(self.environment.get(variable, ""))
        # a relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
        if given.is_absolute():
            return given
        return Path(self.environment.get("HOME") or Path.home()) / name

    def profile(self, options: Options) -> str | None:
        return options.profile or _read_toml(self.config_file).get("profile")

    def resolve(self, place: Place, cloud: Cloud, profile: str | None) -> tuple[str, str]:
        """The API's address and the region to sign for.

        Raises:
            NoStackError: no such stack, no region, or an address that would send calls in the clear.
        """
        if place.api_url:
            url = _checked_url(place)
            return url, place.region or _region_of(url) or _required(cloud.region)
        stack, region = place.stack or "", place.region or _required(cloud.region)
        kept = self._cached(stack, region, profile)
        if kept is not None:
            return kept, region
        found = cloud.api_url_of(stack, region)
        self._keep(stack, region, profile, found)
        return found, region

    def forget(self) -> None:
        """For when a kept address does not answer any more."""
        with suppress(OSError):
            self.cache_file.unlink()

    def _cached(self, stack: str, region: str, profile: str | None) -> str | None:
        found = self._read_cache().get(self._cache_key(stack, region, profile))
        if not isinstance(found, dict) or found.get("until", 0) < time.time():
            return None
        return str(found["url"])

    def _keep(self, stack: str, region: str, profile: str | None, url: str) -> None:
        kept = self._read_cache()
        entry = {"url": url, "until": time.time() + _KEPT_SECONDS}
        kept[self._cache_key(stack, region, profile)] = entry
        # without a cache the next command only takes longer
        with suppress(OSError):
            self.cache_file.parent.mkdir(parents=True, exist_ok=True)
            self.cache_file.write_text(json.dumps(kept), encoding="utf-8")

    def _read_cache(self) -> dict[str, Any]:
        try:
            kept = json.loads(self.cache_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _cache_key(self, stack: str, region: str, profile: str | None) -> str:
        """The same name may be another stack in another account, or in the local one."""
        import hashlib

        names = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL")
        parts = [stack, region, profile or "", *(self.environment.get(name, "") for name in names)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise NoStackError(f"{path} cannot be read: {error}", fix="correct or remove it") from error


def _sam_parameters(document: dict[str, Any]) -> dict[str, Any]:
    sections = [document.get("default", {}).get(name, {}) for name in ("global", "deploy")]
    return {k: v for section in sections for k, v in section.get("parameters", {}).items()}


def _checked_url(place: Place) -> str:
    url = str(place.api_url).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return url
    raise NoStackError(
        f"{url!r} (from {place.source}) is not an https:// address",
        fix="take the stack's output ApiUrl; http:// is for this machine only",
    )


def _region_of(url: str) -> str | None:
    match = _EXECUTE_API.fullmatch(urlsplit(url).hostname or "")
    return match[1] if match else None


def _required(region: str | None) -> str:
    if not region:
        raise NoStackError("no AWS region is set", fix="--region REGION, or AWS_REGION")
    return region
