"""What the use cases ask of the transcription vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from callscribe.ports.vendors import Page


class Transcriber(Protocol):
    """AssemblyAI's API.

    Raises (all methods):
        VendorRefusedError (VendorNotFoundError), VendorRateLimitedError, VendorOutcomeUnknownError
    """

    def audio_url(self, key: str) -> str:
        """A URL of the stored audio that AssemblyAI can read."""
        ...

    def submit(self, request: Mapping[str, Any]) -> dict[str, Any]: ...
    def get(self, transcript_id: str) -> dict[str, Any]: ...
    def delete(self, transcript_id: str) -> None: ...
    def list_since(self, since: str) -> list[dict[str, Any]]: ...
    def page_since(self, since: str, cursor: str | None) -> Page[dict[str, Any]]:
        """The account's transcripts created at or after ``since``, newest first."""
        ...
