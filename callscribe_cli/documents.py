"""What a transcript is written as: by the API, or here as a table and a Word document, of its JSON."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

FROM_API = ("txt", "json", "srt", "vtt")
# XML has no such characters, and lxml raises on them; compiled where it is used, which takes a while
_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# a spreadsheet takes such a cell for a formula; a phone number or a negative number is none
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d)")
_SEGMENT = ("recording_sid", "start_ms", "end_ms", "channel", "speaker", "confidence", "text")


def csv_of_segments(transcript: Mapping[str, Any]) -> bytes:
    """A row for each segment; times in milliseconds on the call's clock."""
    rows = [
        [recording["recording_sid"], *(segment.get(name) for name in _SEGMENT[1:])]
        for recording in transcript["recordings"]
        for segment in recording["segments"]
    ]
    return csv_of(_SEGMENT, rows)


def csv_of(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with a mark at the start, without which Excel reads another encoding."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def docx_of(transcript: Mapping[str, Any]) -> bytes:
    """A paragraph for each segment: the time, who speaks where that changes, the text."""
    import docx

    document = docx.Document()
    document.add_heading(f"Call {transcript['call_id']}", 1)
    for recording in transcript["recordings"]:
        if len(transcript["recordings"]) > 1:
            document.add_heading(f"Recording {recording['recording_sid']}", 2)
        for time, name, text in _spoken(recording["segments"]):
            paragraph = document.add_paragraph()
            paragraph.add_run(_xml(f"{time} {name}".rstrip() + "  ")).bold = bool(name)
            paragraph.add_run(_xml(text))
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


MADE_HERE: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = {
    "csv": csv_of_segments,
    "docx": docx_of,
}
FORMATS = (*FROM_API, *MADE_HERE)


def _spoken(segments: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    last = None
    for segment in segments:
        name = segment.get("speaker_name") or ""
        yield _clock(segment["start_ms"]), name if name != last else "", segment["text"]
        last = name


def _clock(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _xml(text: str) -> str:
    return re.sub(_NOT_XML, "\ufffd", text)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
