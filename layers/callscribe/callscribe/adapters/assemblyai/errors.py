"""What goes wrong at AssemblyAI, in words for people: its refusals, and its jobs that fail."""

from __future__ import annotations

import re

from callscribe.domain.errors import (
    VendorError,
    VendorNotFoundError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure

VENDOR = "AssemblyAI"

DELETED = Failure("transcript_deleted", "the transcript was deleted at AssemblyAI", retryable=True)
UNREADABLE = Failure("transcript_unreadable", "AssemblyAI's answer cannot be read", retryable=True)
_UNAUTHORIZED = Failure(
    "assemblyai_unauthorized",
    "AssemblyAI does not accept this stack's API key: store the right one",
    retryable=True,
)

# AssemblyAI has no codes for failed jobs and words its texts anew now and then: matched loosely, and
# an unknown one is kept as it is. Sources: its FAQ, its cookbook and reports of 2024 to 2026.
_VENDOR_ERRORS: tuple[tuple[str, Failure], ...] = (
    (
        r"no spoken audio|no speech",
        Failure("no_speech", "no speech in this recording", retryable=False),
    ),
    (
        r"download(ing)? error|unable to (download|access)|http_error|connection_failure",
        Failure("download_error", "AssemblyAI could not download the audio", retryable=True),
    ),
    (
        r"too short",
        Failure("audio_too_short", "the recording is under 160 ms, too short to transcribe", False),
    ),
    (
        r"does not appear to contain audio",
        Failure("not_audio", "AssemblyAI found no audio in the file", retryable=False),
    ),
    (
        r"transcoding failed",
        Failure("transcoding_failed", "AssemblyAI could not decode the audio", retryable=False),
    ),
    (
        r"detected language .* below .* confidence threshold",
        Failure(
            "language_confidence_low",
            "the language was not certain enough for language_confidence_threshold",
            retryable=False,
        ),
    ),
    (
        r"speech threshold",
        Failure(
            "speech_threshold_not_met", "there is less speech than speech_threshold asks", False
        ),
    ),
    (
        r"server error",
        Failure("server_error", "AssemblyAI had a fault of its own", retryable=True),
    ),
)


def explain_job_error(error: str) -> Failure:
    """AssemblyAI's ``error`` text of a job that failed."""
    for pattern, failure in _VENDOR_ERRORS:
        if re.search(pattern, error, re.IGNORECASE):
            return failure
    words = " ".join(without_places(error).split())[:300]
    return Failure("vendor_error", f"AssemblyAI: {words or 'no reason given'}", retryable=False)


def explain_answer(status: int, error: str, *, retry_after_seconds: int = 5) -> VendorError:
    """The error for an answer of HTTP ``status``; ``error`` is its text."""
    message = without_places(error or f"AssemblyAI answered {status}")
    if _is_rate_limit(status, message):
        busy = VendorRateLimitedError(VENDOR, message, code=status, status=status)
        busy.retry_after_seconds = retry_after_seconds
        return busy
    if not 400 <= status < 500:
        return VendorOutcomeUnknownError(VENDOR, message, code=status, status=status)
    kind = VendorNotFoundError if _is_unknown_id(status, message) else VendorRefusedError
    return kind(VENDOR, message, code=status, status=status, failure=_refusal(status, message))


def _is_rate_limit(status: int, message: str) -> bool:
    """AssemblyAI answers 429, or 403 by another of its documents; its other 403 ("Cannot access uploaded
    file") has a text of its own."""
    return status == 429 or (status == 403 and "uploaded file" not in message)


def _is_unknown_id(status: int, message: str) -> bool:
    """It is answered 400 with these words, or 404: AssemblyAI's documents say both."""
    return status == 404 or (status == 400 and "transcript id not found" in message)


def _refusal(status: int, message: str) -> Failure:
    if status == 401:
        return _UNAUTHORIZED
    return Failure("assemblyai_refused", f"AssemblyAI refused the request: {message}", True)


# a URL's query may be a credential, its host names the bucket and its path the call: whole URLs, S3's
# host names without a scheme, and the keys of our objects
_PLACES = re.compile(
    r"\w+://\S+|\S*\bamazonaws\.com\S*|\S*\b(?:audio|transcripts)/[0-9a-f]{32}/\S+", re.IGNORECASE
)


def without_places(message: str) -> str:
    """A vendor's words, with "(URL)" for whatever says where the audio lies or how to read it."""
    return _PLACES.sub("(URL)", message)
