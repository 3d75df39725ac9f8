"""Why there is no transcript, in words for people, from codes and texts of the vendors."""

from __future__ import annotations

import re

from callscribe.domain.failures import Failure

# AssemblyAI has no codes for failed jobs and words its texts anew now and then: matched loosely, and
# an unknown one is kept as it is. Sources: its FAQ, its cookbook and reports of 2024 to 2026.
_VENDOR_ERRORS: tuple[tuple[str, Failure], ...] = (
    (
        r"no spoken audio|no speech",
        Failure("no_speech", "nobody spoke in this recording", retryable=False),
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

# Twilio's error dictionary
_RECORDING_ERRORS = {
    "16101": Failure("recording_too_short", "the recording is too short to be kept", False),
    "16102": Failure("recording_silent", "nothing was said, so Twilio kept no recording", False),
    "16104": Failure("recording_encryption_failed", "Twilio could not encrypt it", False),
    "16105": Failure(
        "recording_encryption_failed", "Twilio has no valid public key to encrypt it with", False
    ),
    "16106": Failure("recording_encryption_failed", "Twilio failed inside while encrypting", False),
    "16109": Failure(
        "recording_encrypted", "an encrypted recording is to be had as WAV only", False
    ),
}


def explain_vendor_error(error: str) -> Failure:
    """AssemblyAI's ``error`` text of a job that failed."""
    for pattern, failure in _VENDOR_ERRORS:
        if re.search(pattern, error, re.IGNORECASE):
            return failure
    words = " ".join(without_places(error).split())[:300]
    return Failure("vendor_error", f"AssemblyAI: {words or 'no reason given'}", retryable=False)


def explain_recording_error(twilio_error_code: str) -> Failure:
    """The ErrorCode of a recording callback that says absent or failed; empty where there is none."""
    known = _RECORDING_ERRORS.get(twilio_error_code)
    if known is not None:
        return known
    # 0 says that nothing is wrong
    suffix = f" (Twilio error {twilio_error_code})" if twilio_error_code not in ("", "0") else ""
    return Failure("recording_absent", f"Twilio has no recording{suffix}", retryable=False)


# a URL's query may be a credential, its host names the bucket and its path the call: whole URLs, S3's
# host names without a scheme, and the keys of our objects
_PLACES = re.compile(
    r"\w+://\S+|\S*\bamazonaws\.com\S*|\S*\b(?:audio|transcripts)/[0-9a-f]{32}/\S+", re.IGNORECASE
)


def without_places(message: str) -> str:
    """A vendor's words, with "(URL)" for whatever says where the audio lies or how to read it."""
    return _PLACES.sub("(URL)", message)
