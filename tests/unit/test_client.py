"""Following a call comes to an end, whatever becomes of the call."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.credentials import Credentials

from cli.client import ApiClient, NoRecordingError


class Answers(ApiClient):
    """Shows the call as it stood at one moment after the other, and the last one from then on."""

    def __init__(self, *stands: dict[str, Any]) -> None:
        super().__init__("http://127.0.0.1:9", Credentials("a", "b"), "us-east-1")
        self._stands = list(stands)

    def get_call(self, call_id: str) -> dict[str, Any]:
        assert call_id == "c"
        return self._stands.pop(0) if len(self._stands) > 1 else self._stands[0]


def stand(status: str, *recordings: str, error: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "call_id": "c",
        "status": status,
        "recordings": [{"status": recording} for recording in recordings],
        "error": error,
    }


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "erasing", "erased"])
def test_end_without_a_recording_is_an_end(status: str) -> None:
    with pytest.raises(NoRecordingError, match=f"without a recording: call c is {status}"):
        Answers(stand("ringing"), stand(status)).follow("c")


def test_reason_is_in_the_message() -> None:
    error = {"code": "never_reached_twilio", "message": "Twilio does not have it"}
    with pytest.raises(NoRecordingError, match="never_reached_twilio: Twilio does not have it"):
        Answers(stand("failed", error=error)).follow("c")


def test_completed_call_is_given_time_for_its_recording() -> None:
    calls = (stand("completed"), stand("completed", "received"), stand("completed", "completed"))
    assert Answers(*calls).follow("c") == calls[-1]
    with pytest.raises(NoRecordingError, match="call c is completed, its recordings: none"):
        Answers(stand("completed")).follow("c", grace_seconds=0)


def test_all_recordings_are_waited_for_but_not_for_ever() -> None:
    seen: list[str] = []
    done = Answers(stand("in-progress", "received"), stand("failed", "error", "silent"))
    done.follow("c", show=lambda call: seen.append(call["status"]))
    assert seen == ["in-progress", "failed"]
    with pytest.raises(NoRecordingError, match=r"not ended within 0 s: .* completed, submitted"):
        Answers(stand("completed", "completed", "submitted")).follow("c", seconds=0)
