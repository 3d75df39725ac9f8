"""A recording is ready, or there is none: kept first, worked on later."""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.ports.messaging import RecordingsQueue
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveRecording:
    """The use case behind the recording callback: acknowledged means kept."""

    queue: RecordingsQueue
    telemetry: Telemetry

    def receive(self, update: RecordingStatusUpdate) -> None:
        """Puts a callback on the queue; one that only says that it runs is of no use.

        Raises:
            RetryLaterError: it is not kept, and must not be acknowledged.
        """
        if update.status == VendorRecordingState.IN_PROGRESS:
            return
        self.queue.put(update)
        self.telemetry.info(
            "recording notice kept", recording_sid=update.recording_sid, status=update.status
        )
