"""How loud a recording is, moment by moment: what a waveform is drawn from."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

INTERVAL_MS = 100


@dataclass(frozen=True, slots=True)
class Peaks:
    """For each channel a byte for each INTERVAL_MS: 0 is silence, 255 as loud as can be."""

    channels: tuple[bytes, ...]

    def to_document(self) -> dict[str, Any]:
        """As it is stored, and shown: in base64 it is a third of what numbers would be."""
        return {
            "interval_ms": INTERVAL_MS,
            "channels": [b64encode(channel).decode() for channel in self.channels],
        }
