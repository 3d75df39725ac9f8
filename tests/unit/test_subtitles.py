"""Subtitles that people can read, measured over made-up calls; the figures are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import quantiles

import pytest

from callscribe.adapters.assemblyai.documents import read_transcript
from callscribe.domain.rendering.call_transcript import CallTranscript, TimedTranscript
from callscribe.domain.rendering.subtitles import render_srt, render_vtt
from tests.support.dialogues import LANGUAGES, Manner, dialogue
from tests.support.subtitles import CHARACTERS_A_SECOND, Cue, check, parse_srt, parse_vtt

MANNERS = {
    "calm": Manner(160),
    "brisk": Manner(190),
    "cutting in": Manner(190, interrupted=0.4, backchannels=0.4),
    "no punctuation": Manner(160, punctuated=False),
    "one channel": Manner(160, word_ms=None),
    "rushed": Manner(240, interrupted=0.4, backchannels=0.4),
}
# so many are too fast in the language that has most of them: where people speak at the same time, or
# faster than twenty characters a second, no pause is left in which they could be read
MAY_BE_TOO_FAST = {"cutting in": (0.15, 0.35), "rushed": (0.6, 0.85)}
CLAUSE_ENDS = tuple(".?!…,;:。？！、，؟،")  # noqa: RUF001 - other scripts' marks


@dataclass(frozen=True, slots=True)
class Measured:
    """Cues of WebVTT and SubRip, and how many milliseconds after its first word each begins."""

    shown: list[Cue]
    named: list[Cue]
    lags: list[int]

    @property
    def too_fast(self) -> tuple[float, float]:
        """Of WebVTT, and of SubRip, which has the names as well."""
        return share(self.shown, is_too_fast), share(self.named, is_too_fast)

    def __str__(self) -> str:
        vtt, srt = self.too_fast
        within_clause = share(self.shown, lambda cue: not cue.text.endswith(CLAUSE_ENDS))
        two_lines = [cue for cue in self.shown if len(cue.lines) == 2]
        dangling = share(two_lines, lambda cue: is_short_word(cue.lines[0].split()[-1]))
        ventiles = quantiles(self.lags, n=20)
        return (
            f"{len(self.shown)} cues, nine in ten begin {ventiles[0]:.0f} to {ventiles[-1]:.0f} ms after "
            f"speech; {within_clause:.0%} end within a clause, {dangling:.0%} of first lines on a short "
            f"word; over 20 characters a second are {vtt:.0%} of vtt, {srt:.0%} of srt"
        )


def of(document: Mapping[str, object]) -> CallTranscript:
    return CallTranscript("c" * 32, (TimedTranscript(0, "RE1", read_transcript(document)),))


def measure(call: CallTranscript) -> Measured:
    shown = parse_vtt(render_vtt(call))
    return Measured(shown, parse_srt(render_srt(call)), list(lags(shown, call)))


def is_too_fast(cue: Cue) -> bool:
    return cue.characters_a_second > CHARACTERS_A_SECOND


def share(cues: list[Cue], applies: Callable[[Cue], bool]) -> float:
    return sum(map(applies, cues)) / max(1, len(cues))


def is_short_word(word: str) -> bool:
    return len(word) <= 3 and word.isalpha()


def lags(cues: list[Cue], call: CallTranscript) -> Iterator[int]:
    """How long after its first word each cue is shown, for cues that bear voices."""
    spoken: dict[str, list[int]] = {}
    for segment in call.recordings[0].transcript.segments:
        for word in segment.words:
            starts = spoken.setdefault(f"Channel {segment.channel}", [])
            step = (word.end_ms - word.start_ms) / len(word.text)
            starts += [int(word.start_ms + step * at) for at in range(len(word.text))]
    for cue in cues:
        starts = spoken[cue.voice or ""]
        yield cue.start_ms - starts[0]
        del starts[: len("".join(cue.text.split()))]
    assert not any(spoken.values())


@pytest.mark.parametrize("manner", MANNERS)
def test_made_up_calls_can_be_read(
    manner: str, record_property: Callable[[str, object], None]
) -> None:
    calls = {name: of(dialogue(name, MANNERS[manner], turns=40)) for name in LANGUAGES}
    measured = {name: measure(call) for name, call in calls.items()}
    record_property("figures", f"subtitles, {manner}: {described(measured)}")
    for name, one in measured.items():
        check(one.shown)
        check(one.named)
        for share_, allowed in zip(one.too_fast, MAY_BE_TOO_FAST.get(manner, (0, 0)), strict=True):
            assert share_ <= allowed, name


def described(measured: dict[str, Measured]) -> str:
    everything = Measured(
        shown=[cue for one in measured.values() for cue in one.shown],
        named=[cue for one in measured.values() for cue in one.named],
        lags=[lag for one in measured.values() for lag in one.lags],
    )
    worst = max(measured, key=lambda name: measured[name].too_fast)
    vtt, srt = measured[worst].too_fast
    return f"{everything}; {worst} {vtt:.0%} and {srt:.0%}"


def lines_of(*utterances: dict[str, object]) -> list[list[str]]:
    return [cue.lines for cue in parse_srt(render_srt(of({"utterances": [*utterances]})))]


def said(text: str, start: int, end: int, channel: str = "1") -> dict[str, object]:
    words = text.split()
    step = (end - start) // len(words)
    timed = [
        {"text": word, "start": start + at * step, "end": start + (at + 1) * step}
        for at, word in enumerate(words)
    ]
    return {"text": text, "start": start, "end": end, "words": timed, "channel": channel}


def test_a_speaker_is_named_only_where_the_speaker_changes() -> None:
    assert lines_of(
        said("One.", 0, 500), said("Two.", 4000, 4500), said("Three.", 8000, 8500, "2")
    ) == [["Channel 1: One."], ["Two."], ["Channel 2: Three."]]


def test_sentences_of_one_speaker_that_follow_each_other_share_a_subtitle() -> None:
    assert lines_of(said("Yes.", 0, 500), said("That is fine.", 900, 2000)) == [
        ["Channel 1: Yes. That is fine."]
    ]


def test_another_speaker_waits_for_the_clause_to_end() -> None:
    long = said("Well, I would like to come by tomorrow, if that is all right with you.", 0, 5000)
    assert lines_of(long, said("Mhm.", 2000, 2300, "2")) == [
        ["Channel 1: Well, I would like to come by", "tomorrow, if that is all right with you."],
        ["Channel 2: Mhm."],
    ]


def test_an_interruption_comes_between_two_sentences() -> None:
    long = said("I can come by tomorrow at noon. The next day would be fine too.", 0, 6000)
    assert lines_of(long, said("Mhm.", 2000, 2300, "2")) == [
        ["Channel 1: I can come by tomorrow at noon."],
        ["Channel 2: Mhm."],
        ["Channel 1: The next day would be fine too."],
    ]


@pytest.mark.parametrize("name", ["Channel 1", "张" * 30, "x" * 80])
def test_a_long_word_fits_beside_any_name(name: str) -> None:
    word = "x" * 42
    document = {"utterances": [{"text": word, "start": 0, "end": 9000, "speaker": name}]}
    [cue] = parse_srt(render_srt(of(document)))
    assert cue.lines[1] == word
    assert all(len(line) <= 42 for line in cue.lines)


def test_a_word_longer_than_a_line_is_cut_in_even_parts() -> None:
    text = "Grundstücksverkehrsgenehmigungszuständigkeiten"
    [cue] = parse_vtt(render_vtt(of({"text": text, "audio_duration": 6})))
    assert cue.lines == [text[:23], text[23:]]


def test_chinese_needs_no_spaces_and_keeps_its_marks_in_place() -> None:
    text = "因为检修的时候电梯不能用。所以如果您家里有老人或者小孩、「请提前安排好出门的时间」。"
    words = [
        {"text": text[at : at + 2], "start": 300 * at, "end": 300 * at + 80}
        for at in range(0, len(text), 2)
    ]
    cues = parse_vtt(render_vtt(of({"utterances": [{"text": text, "words": words}]})))
    assert "".join("".join(cue.lines) for cue in cues) == text
    for cue in cues:
        assert all(len(line) <= 21 for line in cue.lines)
        assert not any(line.startswith(("」", "。")) for line in cue.lines)
        assert not any(line.endswith("「") for line in cue.lines)


def test_words_that_the_text_writes_together_stay_together() -> None:
    text = "ที่คุณฝากเครื่อง ไว้"
    words = [{"text": word, "start": 0, "end": 80} for word in ("ที่คุณ", "ฝากเครื่อง", "ไว้")]
    [cue] = parse_vtt(render_vtt(of({"utterances": [{"text": text, "words": words}]})))
    assert cue.lines == [text]


def test_a_mark_is_not_torn_from_its_letter() -> None:
    text = "นี้" * 40
    cues = parse_vtt(render_vtt(of({"text": text, "audio_duration": 60})))
    assert "".join("".join(cue.lines) for cue in cues) == text
    assert all(line.startswith("น") for cue in cues for line in cue.lines)


@pytest.mark.parametrize(("text", "marked"), [("مرحبا.", True), ("שלום.", True), ("Hi.", False)])
def test_a_name_does_not_turn_a_line_that_runs_from_right_to_left(text: str, marked: bool) -> None:
    [[line]] = lines_of(said(text, 0, 900))
    assert line == ("\u200f" if marked else "") + f"Channel 1: {text}"


def test_a_word_that_the_vendor_times_too_short_is_shown_while_it_is_said() -> None:
    """And a pause is one only after the time that the word itself takes."""
    words = [{"text": "Incomprehensibilities", "start": 0, "end": 80}]
    words += [{"text": "abound.", "start": 1500, "end": 1580}]
    utterances = [{"text": "Incomprehensibilities abound.", "words": words}]
    [cue] = parse_vtt(render_vtt(of({"utterances": utterances, "audio_duration": 5})))
    assert cue.text == "Incomprehensibilities abound."
    assert cue.end_ms >= 1500 + 7 * 50
