from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.assemblyai.documents import read_job, read_transcript
from callscribe.domain.transcription_jobs import JobStatus
from callscribe.domain.transcripts import UnreadableTranscriptError
from tests.support.fixtures import fixture, fixtures


def word(text: str | None, start: Any, end: Any, **more: Any) -> dict[str, Any]:
    return {"text": text, "start": start, "end": end, "confidence": 0.9, **more}


def texts(document: dict[str, Any]) -> list[str]:
    return [segment.text for segment in read_transcript(document).segments]


def test_the_facts_of_a_transcript() -> None:
    transcript = read_transcript(
        {
            "id": "abc",
            "text": "Hello there.",
            "confidence": 0.98,
            "audio_duration": 70,
            "language_code": "en_us",
            "speech_model_used": "universal-2",
            "metadata": {"domain_used": None, "warnings": [{"message": "fell back"}]},
            "words": [word("Hello", 240, 640), word("there.", 700, 1000)],
            "brand_new_key": {},
        }
    )
    assert transcript.transcript_id == "abc"
    assert transcript.text == "Hello there."
    assert transcript.confidence == 0.98
    assert transcript.audio_duration_seconds == 70
    assert transcript.language_code == "en_us"
    assert transcript.speech_model_used == "universal-2"
    assert transcript.warnings == ("fell back",)
    (segment,) = transcript.segments
    assert (segment.start_ms, segment.end_ms) == (240, 1000)
    assert (segment.speaker, segment.channel) == (None, None)
    assert segment.confidence == pytest.approx(0.9)
    assert [w.start_ms for w in segment.words] == [240, 700]


@pytest.mark.parametrize(
    "document", [{}, dict.fromkeys(("text", "words", "utterances", "metadata"))]
)
def test_missing_and_null_are_an_empty_transcript(document: dict[str, Any]) -> None:
    transcript = read_transcript(document)
    assert transcript.text == ""
    assert transcript.segments == ()
    assert transcript.warnings == ()


@pytest.mark.parametrize(
    "document",
    [
        {"text": 5},
        {"text": ["x"]},
        {"words": "x"},
        {"words": {"a": 1}},
        {"words": [5]},
        {"words": [word("x", "240", 300)]},
        {"words": [word("x", True, 300)]},
        {"words": [word("x", float("inf"), 300)]},
        {"utterances": {"a": 1}},
        {"utterances": [{"text": 5, "start": 1, "end": 2}]},
    ],
)
def test_an_essential_of_a_wrong_type_is_unreadable(document: dict[str, Any]) -> None:
    with pytest.raises(UnreadableTranscriptError):
        read_transcript(document)


@pytest.mark.parametrize(
    "facts",
    [
        {"confidence": "0.9"},
        {"confidence": float("nan")},
        {"audio_duration": "70"},
        {"audio_duration": float("inf")},
        {"language_code": {}},
        {"speech_model_used": 3},
        {"metadata": []},
        {"metadata": {"warnings": {}}},
        {"metadata": {"warnings": [None, {"message": None}, 5]}},
    ],
)
def test_a_text_is_not_lost_to_an_odd_detail(facts: dict[str, Any]) -> None:
    transcript = read_transcript({"text": "Hi.", "words": [word("Hi.", 0, 100)], **facts})
    assert transcript.text == "Hi."
    assert transcript.confidence is None
    assert transcript.audio_duration_seconds is None
    assert (transcript.language_code, transcript.speech_model_used) == (None, None)
    assert transcript.warnings == ()


def test_words_without_times_take_their_neighbors() -> None:
    words = [word("One", 100, 200), word("two", None, None), {"text": "three"}, word(None, 1, 2)]
    (segment,) = read_transcript({"words": words}).segments
    assert [(w.text, w.start_ms, w.end_ms) for w in segment.words] == [
        ("One", 100, 200),
        ("two", 200, 200),
        ("three", 200, 200),
    ]


def test_utterances_are_the_segments() -> None:
    hello = {"text": "Hello.", "start": 0, "end": 500, "speaker": "1", "channel": "1"}
    later = {"text": "Hi.", "start": 600, "end": 900, "speaker": "2", "channel": "2", "words": None}
    segments = read_transcript({"utterances": [later, hello]}).segments
    assert [(s.text, s.channel) for s in segments] == [("Hello.", "1"), ("Hi.", "2")]


def test_sentences_are_cut_where_they_end() -> None:
    said = "Hello, Dr. Smith. It costs 3.5 dollars! Is that e.g. much? Fine"
    words = [word(text, 300 * n, 300 * n + 200) for n, text in enumerate(said.split())]
    assert texts({"words": words}) == [
        "Hello, Dr. Smith.",
        "It costs 3.5 dollars!",
        "Is that e.g. much?",
        "Fine",
    ]


def test_a_long_pause_and_another_speaker_end_a_segment() -> None:
    words = [
        word("so", 0, 100, speaker="A"),
        word("yes", 1600, 1700, speaker="A"),
        word("well", 3201, 3300, speaker="A"),
        word("no", 3310, 3400, speaker="B"),
    ]
    assert texts({"words": words}) == ["so yes", "well", "no"]


def test_who_never_ends_a_sentence_is_cut_after_twelve_seconds() -> None:
    words = [word("and", 1000 * n, 1000 * n + 900) for n in range(30)]
    segments = read_transcript({"words": words}).segments
    assert [s.end_ms - s.start_ms <= 12_000 for s in segments] == [True] * 3


def test_channels_that_talk_at_once_stay_apart_without_utterances() -> None:
    words = [
        word("How", 0, 100, channel="1"),
        word("Oh", 50, 120, channel="2"),
        word("are", 110, 200, channel="1"),
        word("hello.", 130, 220, channel="2"),
        word("you?", 210, 300, channel="1"),
    ]
    assert texts({"words": words}) == ["How are you?", "Oh hello."]


def test_a_text_without_words_is_one_segment() -> None:
    (segment,) = read_transcript({"text": "Hello there.", "audio_duration": 3}).segments
    assert (segment.text, segment.start_ms, segment.end_ms) == ("Hello there.", 0, 3000)


def test_half_a_character_is_replaced() -> None:
    transcript = read_transcript({"text": "a\ud800b", "words": [word("a\ud800b", 0, 1)]})
    assert transcript.text.encode() == transcript.segments[0].text.encode()


@pytest.mark.parametrize(
    ("text", "audio_url", "expected"),
    [
        ("Deleted by user.", "http://deleted_by_user", True),
        ("Deleted by user.", "https://bucket.example/a.wav", False),
        ("Deleted by user.", None, False),
        ("Hello.", "https://bucket.example/a.wav", False),
    ],
)
def test_deleted_is_told_from_somebody_saying_so(
    text: str, audio_url: str | None, expected: bool
) -> None:
    job = read_job({"text": text, "audio_url": audio_url, "status": "completed"})
    assert (job.transcript is None) is expected
    assert (job.failure is not None and job.failure.code == "transcript_deleted") is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("queued", JobStatus.QUEUED),
        ("processing", JobStatus.PROCESSING),
        ("completed", JobStatus.COMPLETED),
        ("error", JobStatus.ERROR),
        (None, JobStatus.QUEUED),
        ("brand-new", JobStatus.PROCESSING),
    ],
)
def test_status_that_is_not_known_is_not_the_end(status: str | None, expected: JobStatus) -> None:
    job = read_job({"id": "1", "status": status, "error": "Server error"})
    assert job.status == expected
    assert job.has_ended == (job.transcript is not None or job.failure is not None)


def test_job_says_what_it_is_of_and_keeps_no_url() -> None:
    audio = "https://bucket.s3.amazonaws.com/audio/a.wav"
    document = {
        "id": "1",
        "status": "completed",
        "text": "Hello.",
        "created": "2026-11-21T08:00:00.123456",
        "audio_url": f"{audio}?X-Amz-Signature=x",
        "webhook_url": "https://api.example/hook",
        "brand_new_key": [1],
    }
    job = read_job(document)
    assert job.audio_location == audio.removeprefix("https://")
    assert (job.callback_url, job.created_at) == (
        "https://api.example/hook",
        "2026-11-21T08:00:00.123Z",
    )
    assert job.document == {k: v for k, v in document.items() if not k.endswith("_url")}
    assert read_job({"id": "1"}).callback_url is None


@pytest.mark.parametrize("url", [None, "", "http://[", "not a url"])
def test_job_of_a_strange_url_is_none_of_ours(url: str | None) -> None:
    assert "/audio/" not in read_job({"id": "1", "audio_url": url}).audio_location


def test_completed_job_that_cannot_be_read_says_so() -> None:
    job = read_job({"id": "1", "status": "completed", "text": 5})
    assert job.failure is not None
    assert (job.status, job.failure.code) == (JobStatus.COMPLETED, "transcript_unreadable")


def samples(name: str, vendors: str) -> list[dict[str, Any]]:
    return fixtures(
        f"assemblyai-transcript.{name}", f"samples/assemblyai-transcript.{vendors}.json"
    )


def test_a_document_with_two_channels() -> None:
    transcript = read_transcript(fixture("assemblyai-transcript.completed.multichannel"))
    assert [(s.channel, s.text) for s in transcript.segments] == [
        ("1", "Good evening, is the blue lamp ready?"),
        ("2", "It is, come by on Friday."),
    ]


def test_a_document_with_speakers() -> None:
    name = "completed.speaker-labels"
    for document in samples(name, f"{name}.constructed"):
        assert [s.speaker for s in read_transcript(document).segments] == ["A", "B"]


def test_a_long_document_keeps_every_word() -> None:
    for document in samples("completed.long", "completed.recorded"):
        transcript = read_transcript(document)
        assert transcript.warnings == (document["metadata"]["warnings"][0]["message"],)
        words = [w for segment in transcript.segments for w in segment.words]
        assert [w.text for w in words] == [w["text"] for w in document["words"]]
        assert all(s.end_ms - s.start_ms <= 12_000 for s in transcript.segments)
        assert len(transcript.segments) > 20


@pytest.mark.parametrize("name", ["error.download", "queued"])
def test_a_transcript_without_a_result_is_empty(name: str) -> None:
    for document in samples(name, f"{name}.constructed"):
        assert read_transcript(document).segments == ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "start", "end", "words", "message"]), inner)
    ),
    max_leaves=8,
)
KEYS = [
    "id",
    "text",
    "words",
    "utterances",
    "confidence",
    "metadata",
    "audio_duration",
    "audio_url",
]


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_document_is_read_or_unreadable(document: dict[str, Any]) -> None:
    try:
        transcript = read_transcript(document)
    except UnreadableTranscriptError:
        return
    transcript.text.encode()
    for segment in transcript.segments:
        assert 0 <= segment.start_ms <= segment.end_ms
        assert all(0 <= w.start_ms <= w.end_ms and w.text for w in segment.words)
