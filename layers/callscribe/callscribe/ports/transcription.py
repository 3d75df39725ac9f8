"""What the use cases ask of the transcription vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from callscribe.domain.errors import FieldError
from callscribe.domain.transcription_jobs import (
    AudioReference,
    TranscriptionJob,
    TranscriptionRequest,
)
from callscribe.domain.transcripts import Transcript
from callscribe.ports.vendors import Page


class Transcriber(Protocol):
    """The vendor's API.

    Raises (all methods):
        VendorRefusedError (VendorNotFoundError), VendorRateLimitedError, VendorOutcomeUnknownError
    """

    def prepare_audio(self, key: str) -> AudioReference:
        """Makes the stored audio readable to the vendor, for some hours."""
        ...

    def submit(self, request: TranscriptionRequest) -> TranscriptionJob:
        """Never repeated after VendorOutcomeUnknownError: a second job would be paid for as well."""
        ...

    def get(self, transcript_id: str) -> TranscriptionJob:
        """The job with its transcript or its failure, where it has ended."""
        ...

    def delete(self, transcript_id: str) -> None:
        """Removes what the vendor keeps of the job and of its audio."""
        ...

    def list_since(self, since: str) -> list[TranscriptionJob]:
        """The account's jobs created at or after ``since`` (RFC 3339), newest first."""
        ...

    def page_since(self, since: str, cursor: str | None) -> Page[TranscriptionJob]:
        """One page of the same list; ``cursor`` is None for the first."""
        ...


class TranscriptReader(Protocol):
    """Reads what was kept of a vendor's answer (``TranscriptionJob.document``)."""

    def __call__(self, document: Mapping[str, Any], /) -> Transcript:
        """Raises UnreadableTranscriptError where the document is not of this vendor's form."""
        ...


class TranscriptionOptions(Protocol):
    """What the vendor takes of a caller's ``transcription``, a JSON value of any kind."""

    def check(self, options: object) -> Sequence[FieldError]:
        """Every mistake with its fix, each at ``transcription.…``; none for a JSON object that the vendor
        takes and our table can hold (``domain.json_values.storable``)."""
        ...
