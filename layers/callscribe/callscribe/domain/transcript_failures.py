"""Why Twilio has no recording, in words for people."""

from __future__ import annotations

from callscribe.domain.failures import Failure

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


def explain_recording_error(twilio_error_code: str) -> Failure:
    """The ErrorCode of a recording callback that says absent or failed; empty where there is none."""
    known = _RECORDING_ERRORS.get(twilio_error_code)
    if known is not None:
        return known
    # 0 says that nothing is wrong
    suffix = f" (Twilio error {twilio_error_code})" if twilio_error_code not in ("", "0") else ""
    return Failure("recording_absent", f"Twilio has no recording{suffix}", retryable=False)
