"""The export formats of a transcript. Another one is another entry, and its line in docs/openapi.yaml
and docs/api.md (tests/unit/test_rendering.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callscribe.domain.rendering.call_transcript import CallTranscript
from callscribe.domain.rendering.documents import (
    render_json,
    render_json_with_words,
    render_txt,
)
from callscribe.domain.rendering.subtitles import render_srt, render_vtt


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """The text is sent as UTF-8, which ``content_type`` says where its default is another."""

    content_type: str
    render: Callable[[CallTranscript], str]


FORMATS: Mapping[str, ExportFormat] = {
    "json": ExportFormat("application/json", render_json),
    "txt": ExportFormat("text/plain; charset=utf-8", render_txt),
    "srt": ExportFormat("application/x-subrip; charset=utf-8", render_srt),
    "vtt": ExportFormat("text/vtt; charset=utf-8", render_vtt),
}
DEFAULT_FORMAT = "json"
# what `words=true` makes of json; the others have no place for words
JSON_WITH_WORDS = ExportFormat("application/json", render_json_with_words)
