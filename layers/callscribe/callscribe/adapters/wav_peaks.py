"""The peaks of a WAV stream, made of what passes anyway: memory stays flat, and nothing is read twice.

A loop over samples would cost Python more than the whole copy. So the high bytes of every eighth sample
are cut out by a slice, made absolute by a table, and the greatest of each tenth of a second is taken, all
of it in C. A hundred samples of that may miss its very loudest, by little of what is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callscribe.domain.peaks import INTERVAL_MS, Peaks

_PCM, _MU_LAW = 1, 7
_TAKE_EVERY = 8
# chunks before the data that are longer than this are no file of Twilio's
_LONGEST_HEADER = 4096
# what is copied at once: parts of an upload are 16 MB
_STEP_BYTES = 256 * 1024


def _loudness_of_high_byte(byte: int) -> int:
    return min(255, 2 * abs(byte - 256 if byte > 127 else byte))


def _loudness_of_mu_law(byte: int) -> int:
    # ITU-T G.711: all bits are inverted; three of exponent, four of mantissa
    exponent, mantissa = (~byte >> 4) & 7, ~byte & 15
    return ((2 * mantissa + 33 << exponent) - 33) >> 5


_PCM_TABLE = bytes(map(_loudness_of_high_byte, range(256)))
_MU_LAW_TABLE = bytes(map(_loudness_of_mu_law, range(256)))


@dataclass(frozen=True, slots=True)
class _Format:
    """Where in the data what is found; sizes in bytes."""

    channels: int
    frame: int
    # of a frame, the byte that tells the loudness of its first channel
    telling: int
    block: int
    table: bytes

    def peaks_of(self, data: bytes) -> Iterator[bytes]:
        """For each channel the peaks of whole blocks; a rest counts as one."""
        width = self.frame // self.channels
        samples = self.block // self.frame // _TAKE_EVERY
        for channel in range(self.channels):
            begin = channel * width + self.telling
            loudness = data[begin :: self.frame * _TAKE_EVERY].translate(self.table)
            starts = range(0, len(loudness), samples)
            yield bytes([max(loudness[start : start + samples]) for start in starts])


class WavPeaks:
    """Takes the bytes of a file in whatever pieces they come."""

    def __init__(self) -> None:
        self._format: _Format | None = None
        self._rest = b""
        # what of the data is still to come; further chunks of the file are no sound
        self._left = 0
        self._is_readable = True
        self._found: list[list[bytes]] = []

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the file."""
        for start in range(0, len(chunk), _STEP_BYTES):
            if self._is_readable:
                self._feed(chunk[start : start + _STEP_BYTES])

    def result(self) -> Peaks | None:
        """After the last byte. None for sound that is neither 16-bit PCM nor mu-law."""
        if self._format is None or not self._is_readable:
            return None
        whole_frames = len(self._rest) // self._format.frame * self._format.frame
        if whole_frames:
            self._add(self._format, self._rest[:whole_frames])
        self._rest = b""
        return Peaks(tuple(b"".join(parts) for parts in self._found))

    def _feed(self, piece: bytes) -> None:
        if self._format is None:
            piece = self._read_header(self._rest + piece)
        if self._format is not None:
            self._take(self._format, piece)

    def _take(self, form: _Format, chunk: bytes) -> None:
        data = self._rest + chunk[: self._left]
        self._left = max(0, self._left - len(chunk))
        whole = len(data) // form.block * form.block
        self._rest = data[whole:]
        if whole:
            self._add(form, data[:whole])

    def _add(self, form: _Format, data: bytes) -> None:
        for parts, peaks in zip(self._found, form.peaks_of(data), strict=True):
            parts.append(peaks)

    def _read_header(self, head: bytes) -> bytes:
        """What of the bytes is data already; they are kept until the header is whole."""
        at = 12
        while at + 8 <= len(head):
            name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
            if name == b"data":
                return self._begin(head, at + 8, size)
            # chunks begin at even places
            at += 8 + size + size % 2
        self._rest = head
        self._is_readable = len(head) <= _LONGEST_HEADER
        return b""

    def _begin(self, head: bytes, at: int, size: int) -> bytes:
        form = _read_format(head[:at])
        self._rest, self._format = b"", form
        if form is None:
            self._is_readable = False
            return b""
        self._found = [[] for _ in range(form.channels)]
        # all zeros or ones where the writer did not know
        self._left = size if 0 < size < 0xFFFFFFFF else 2**63
        return head[at:]


def _read_format(head: bytes) -> _Format | None:
    at = head.find(b"fmt ") + 8
    kind, channels = _number(head, at, 2), _number(head, at + 2, 2)
    rate, bits = _number(head, at + 4, 4), _number(head, at + 14, 2)
    tables = {(_PCM, 16): (1, _PCM_TABLE), (_MU_LAW, 8): (0, _MU_LAW_TABLE)}
    if (kind, bits) not in tables or not channels or rate < 1000:
        return None
    telling, table = tables[kind, bits]
    frame = channels * bits // 8
    frames = rate * INTERVAL_MS // 1000 // _TAKE_EVERY * _TAKE_EVERY
    return _Format(channels, frame, telling, frames * frame, table)


def _number(head: bytes, at: int, size: int) -> int:
    return int.from_bytes(head[at : at + size], "little")
