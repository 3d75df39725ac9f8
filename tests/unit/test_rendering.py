from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.assemblyai.documents import read_transcript
from callscribe.domain.rendering.call_transcript import CallTranscript, TimedTranscript
from callscribe.domain.rendering.documents import render_json, render_txt
from callscribe.domain.rendering.formats import DEFAULT_FORMAT, FORMATS, JSON_WITH_WORDS
from callscribe.domain.rendering.subtitles import render_srt, render_vtt
from local.options import ROOT
from tests.support.subtitles import Cue, check, parse_srt, parse_vtt

HOUR = 3600 * 1000
NASTY = (
    "a --> b\n\n1\n00:00:01,000 --> 00:00:02,000\n<b>x</b> & <v Mallory> ---> {y}\x00\x0b\u2028z"
)


def timed(offset_ms: int = 0, label: str = "RE1", **document: Any) -> TimedTranscript:
    return TimedTranscript(offset_ms, label, read_transcript(document))


def of(*parts: TimedTranscript) -> CallTranscript:
    return CallTranscript("c" * 32, parts)


def utterance(text: str, start: int, end: int, **more: Any) -> dict[str, Any]:
    parts = text.split()
    step = (end - start) // max(1, len(parts))
    words = [
        {"text": part, "start": start + n * step, "end": start + (n + 1) * step}
        for n, part in enumerate(parts)
    ]
    return {"text": text, "start": start, "end": end, "words": words, **more}


def spoken(cues: list[Cue]) -> str:
    """The text of WebVTT cues without white space."""
    return "".join("".join(cue.text.split()) for cue in cues)


TWO_CHANNELS = timed(
    text="Hello. Hi there.",
    utterances=[
        utterance("Hello.", 240, 1440, speaker="1", channel="1"),
        utterance("Hi there.", 2000, 3120, speaker="2", channel="2"),
    ],
)


def test_openapi_and_its_page_name_the_formats_that_there_are() -> None:
    document = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
    operation = document["paths"]["/calls/{call_id}/transcript"]["get"]
    [wanted, _] = operation["parameters"]
    assert set(wanted["schema"]["enum"]) == set(FORMATS)
    types = {export.content_type.partition(";")[0] for export in FORMATS.values()}
    assert set(operation["responses"]["200"]["content"]) == types
    others = ", ".join(f"`{name}`" for name in FORMATS if name != DEFAULT_FORMAT)
    assert (
        f"`format`: `{DEFAULT_FORMAT}` (default), {others}." in (ROOT / "docs/api.md").read_text()
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_what_its_type_says(name: str) -> None:
    content_type = FORMATS[name].content_type
    # JSON is UTF-8 by its own definition
    assert content_type == "application/json" or content_type.endswith("; charset=utf-8")
    assert "Hi there." in FORMATS[name].render(of(TWO_CHANNELS))


def test_txt() -> None:
    assert render_txt(of(TWO_CHANNELS)) == (
        "[00:00:00.240] Channel 1: Hello.\n[00:00:02.000] Channel 2: Hi there.\n"
    )


def test_srt() -> None:
    assert render_srt(of(TWO_CHANNELS)) == (
        "1\n00:00:00,240 --> 00:00:01,916\nChannel 1: Hello.\n\n"
        "2\n00:00:02,000 --> 00:00:03,120\nChannel 2: Hi there.\n"
    )


def test_vtt() -> None:
    assert render_vtt(of(TWO_CHANNELS)) == (
        "WEBVTT\n\n00:00:00.240 --> 00:00:01.916\n<v Channel 1>Hello.\n\n"
        "00:00:02.000 --> 00:00:03.120\n<v Channel 2>Hi there.\n"
    )


def test_json() -> None:
    part = TimedTranscript(5000, "RE7", TWO_CHANNELS.transcript)
    document = json.loads(render_json(of(part)))
    assert document["call_id"] == "c" * 32
    (recording,) = document["recordings"]
    assert recording["recording_sid"] == "RE7"
    assert recording["offset_ms"] == 5000
    assert recording["text"] == "Hello. Hi there."
    first, second = recording["segments"]
    assert (first["start_ms"], first["end_ms"]) == (5240, 6440)
    assert (first["channel"], first["speaker_name"]) == ("1", "Channel 1")
    assert second["speaker_name"] == "Channel 2"


def test_words_are_times_on_the_calls_clock_beside_the_text() -> None:
    said = [
        {"text": "Hi", "start": 100, "end": 180, "confidence": 0.98765},
        {"text": "there.", "start": 240, "end": 320},
    ]
    part = timed(5000, utterances=[{"text": "Hi there.", "words": said, "channel": "2"}])
    document = json.loads(FORMATS["json"].render(of(part)))
    with_words = json.loads(JSON_WITH_WORDS.render(of(part)))
    [segment] = with_words["recordings"][0]["segments"]
    assert segment.pop("words") == [[5100, 5180, 0.99], [5240, 5320, None]]
    assert with_words == document


def test_forty_thousand_words_add_less_than_a_megabyte() -> None:
    """A call of four hours: its times have up to eight digits."""
    words = [
        {"text": "words", "start": n * 360, "end": n * 360 + 80, "confidence": 0.98765}
        for n in range(40_000)
    ]
    twenty = [words[n : n + 20] for n in range(0, len(words), 20)]
    part = timed(utterances=[{"text": "words " * 20, "words": said} for said in twenty])
    document = json.loads(JSON_WITH_WORDS.render(of(part)))
    added = [segment.pop("words") for segment in document["recordings"][0]["segments"]]
    assert len(json.dumps(added, separators=(",", ":"))) < 1_000_000


@pytest.mark.parametrize(
    ("speaker", "channel", "name"),
    [
        ("A", None, "Speaker A"),
        ("1", "1", "Channel 1"),
        (None, "1", "Channel 1"),
        ("2", "2", "Channel 2"),
        ("2B", "2", "Speaker 2B"),
        ("Maria Lopez", None, "Maria Lopez"),
        ("B\n\n<x>", None, "B <x>"),
    ],
)
def test_names_of_speakers(speaker: str | None, channel: str | None, name: str) -> None:
    part = timed(utterances=[utterance("Hi.", 0, 500, speaker=speaker, channel=channel)])
    line = render_txt(of(part))
    assert line == f"[00:00:00.000] {name}: Hi.\n"


def test_no_speaker_is_named_where_none_was_told_apart() -> None:
    part = timed(utterances=[utterance("Hi.", 0, 500)])
    assert render_txt(of(part)) == "[00:00:00.000] Hi.\n"
    assert "<v" not in render_vtt(of(part))


def test_several_recordings_are_on_the_calls_clock() -> None:
    first = timed(utterances=[utterance("One.", 0, 1000)], label="RE1")
    second = timed(utterances=[utterance("Two.", 0, 1000)], label="RE2", offset_ms=101 * HOUR)
    parts = [first, second]
    assert render_txt(of(*parts)) == (
        "== Recording RE1\n[00:00:00.000] One.\n\n== Recording RE2\n[101:00:00.000] Two.\n"
    )
    for cues in (parse_srt(render_srt(of(*parts))), parse_vtt(render_vtt(of(*parts)))):
        assert [cue.start_ms for cue in cues] == [0, 101 * HOUR]


def test_silence() -> None:
    part = timed(text="")
    assert render_txt(of(part)) == "(no speech)\n"
    assert render_srt(of(part)) == ""
    assert render_vtt(of(part)) == "WEBVTT\n"
    assert json.loads(render_json(of(part)))["recordings"][0]["segments"] == []


def test_cues_can_be_read_in_their_time() -> None:
    long = " ".join(f"word{n}" for n in range(200))
    part = timed(utterances=[utterance(long, 0, 80_000, speaker="A")])
    for cues in (parse_srt(render_srt(of(part))), parse_vtt(render_vtt(of(part)))):
        assert len(cues) > 10
        check(cues)


def test_a_long_text_without_words_is_cut_as_well() -> None:
    text = " ".join(f"word{n}" for n in range(100))
    cues = parse_vtt(render_vtt(of(timed(text=text, audio_duration=50))))
    assert spoken(cues) == text.replace(" ", "")
    assert len(cues) > 5
    assert cues[-1].end_ms <= 50_000


def test_a_short_word_stays_long_enough_to_be_read() -> None:
    """Also one at the audio's end, which is shown before it is said."""
    part = timed(
        audio_duration=5,
        utterances=[
            {"text": "Yes.", "start": 100, "end": 180, "channel": "1"},
            {"text": "No.", "start": 500, "end": 580, "channel": "2"},
            {"text": "Bye.", "start": 4900, "end": 4980, "channel": "2"},
        ],
    )
    cues = parse_vtt(render_vtt(of(part)))
    assert [cue.text for cue in cues] == ["Yes.", "No.", "Bye."]
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 833), (917, 1750), (4400, 5233)]


def test_a_cue_is_not_stretched_over_a_pause() -> None:
    words = [{"text": "So", "start": 0, "end": 300}, {"text": "yes", "start": 4000, "end": 4400}]
    part = timed(utterances=[{"text": "So yes", "start": 0, "end": 4400, "words": words}])
    assert [cue.text for cue in parse_srt(render_srt(of(part)))] == ["So", "yes"]


def test_text_cannot_break_a_format() -> None:
    part = timed(
        utterances=[
            {"text": NASTY, "start": 0, "end": 9000, "speaker": NASTY},
            {"text": "-->", "start": 9000, "end": 9500},
            {"text": "--->", "start": 9600, "end": 9900},
        ]
    )
    other = TimedTranscript(0, "RE\n2", part.transcript)
    assert spoken(parse_vtt(render_vtt(of(part))))
    srt = parse_srt(render_srt(of(part)))
    assert not any(re.search("[<>]", cue.text) for cue in srt)
    assert all(
        line.startswith(("[", "== ")) for line in render_txt(of(part, other)).splitlines() if line
    )
    json.loads(render_json(of(part)))


WORDS = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=90)
        | st.sampled_from(["-->", "<i>", "&amp;", "Hello.", "你好"]),
        st.integers(0, 20_000),
        st.integers(0, 9000),
    ),
    max_size=25,
)
SPEAKERS = st.sampled_from([None, "A", "B", "<v>", "x\n\ny"])


@st.composite
def transcripts(draw: st.DrawFn) -> dict[str, Any]:
    utterances = []
    for speaker in draw(st.lists(SPEAKERS, max_size=4)):
        spans = draw(WORDS)
        words = [{"text": t, "start": start, "end": start + ms} for t, start, ms in spans]
        text = " ".join(t for t, _, _ in spans)
        utterances.append({"text": text, "speaker": speaker, "words": words})
    return {"utterances": utterances, "audio_duration": draw(st.none() | st.integers(30, 40))}


def visible(text: str) -> str:
    """Without white space and control characters, in any order: cues are sorted by time."""
    return "".join(
        sorted(c for c in "".join(text.split()) if c >= " " and not "\x7f" <= c < "\xa0")
    )


@given(transcripts(), st.integers(0, 200 * HOUR))
def test_cues_parse_back(document: dict[str, Any], offset_ms: int) -> None:
    part = timed(offset_ms, **document)
    said = "".join(word.text for s in part.transcript.segments for word in s.words)
    vtt = parse_vtt(render_vtt(of(part)))
    assert visible(spoken(vtt)) == visible(said)
    srt = parse_srt(render_srt(of(part)))
    for cues in (vtt, srt):
        check(cues)
        assert all(cue.start_ms >= offset_ms for cue in cues)
    if not any(segment.speaker for segment in part.transcript.segments):
        same = visible(said).replace("<", "\u2039").replace(">", "\u203a")
        assert visible("".join(cue.text for cue in srt)) == "".join(sorted(same))
