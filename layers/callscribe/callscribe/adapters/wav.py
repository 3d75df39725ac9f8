"""Audio as it comes over the wire: checked at once, counted, and broken off only with an error."""

from __future__ import annotations

from typing import Protocol

from callscribe.adapters.wav_peaks import WavPeaks
from callscribe.domain.errors import RetryLaterError
from callscribe.domain.peaks import Peaks

_HEADER_BYTES = 44


class Body(Protocol):
    """urllib3's answer, or a file."""

    def read(self, amt: int | None = None, /) -> bytes: ...


class CheckedWav:
    """A WAV stream with the ``read`` of a file; ``size_bytes`` counts what was read of it.

    A broken file, stored and sent on, would only fail later, at a vendor, and cost more.

    Args:
        raw: the answer's body; its header is read at once, for the number of ``channels``.
        ends_by_closing: only the header can tell that the body broke off.

    Raises:
        RetryLaterError: it is no WAV.
    """

    def __init__(self, raw: Body, *, ends_by_closing: bool) -> None:
        self._raw = raw
        self._head = raw.read(_HEADER_BYTES)
        self.size_bytes = 0
        self._peaks = WavPeaks()
        if self._head[:4] != b"RIFF" or self._head[8:12] != b"WAVE":
            raise RetryLaterError("Twilio sent something that is no WAV file", seconds=30)
        # bytes 22 and 23 of a RIFF/WAVE header, little-endian
        self.channels = int.from_bytes(self._head[22:24], "little") or 1
        # what follows the first eight bytes; none or all ones where the writer did not know
        size = int.from_bytes(self._head[4:8], "little")
        self._at_least = size + 8 if ends_by_closing and 0 < size < 0xFFFFFFFF else 0

    @property
    def peaks(self) -> Peaks | None:
        """Of what was read; None where its sound is of a kind that is not known here."""
        return self._peaks.result()

    def read(self, size: int = -1) -> bytes:
        """``size`` bytes, fewer only at the end: of fewer, S3's parts would become too small.

        Raises:
            RetryLaterError: it ended before its time.
        """
        head, self._head = self._head, b""
        chunk = head + self._raw.read(None if size < 0 else max(size - len(head), 0))
        self.size_bytes += len(chunk)
        self._peaks.feed(chunk)
        if (size < 0 or len(chunk) < size) and self.size_bytes < self._at_least:
            raise RetryLaterError("the audio's download broke off", seconds=15)
        return chunk
