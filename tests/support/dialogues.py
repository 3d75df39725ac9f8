"""Made-up phone calls of two channels, in several languages, as AssemblyAI's documents have them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.options import ROOT

LANGUAGES: dict[str, dict[str, list[str]]] = json.loads(
    (ROOT / "tests/fixtures/dialogues.json").read_text(encoding="utf-8")
)
IDEOGRAPHIC = {"Chinese", "Japanese"}
# written without spaces: what the vendor calls a word
LETTERS_A_WORD = {"Chinese": 2, "Japanese": 2, "Thai": 7}
MARKS = ".,;:?!。，、？؟،"  # noqa: RUF001 - other scripts' marks
BACKCHANNELS = {
    "English": "Mhm. Right. Okay, I see.",
    "German": "Mhm. Genau. Ja, klar.",
    "Spanish": "Sí. Claro. Ya, ya.",
    "Korean": "네. 예. 그렇군요.",
    "Arabic": "نعم. طيب. صحيح.",
    "Hebrew": "כן. אוקיי. נכון.",
    "Chinese": "嗯。 对。 好的。",
    "Japanese": "はい。 ええ。 なるほど。",
    "Thai": "ค่ะ ครับ อืม",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How people speak: English words a minute, and how often they cut in on each other."""

    words_a_minute: int = 160
    interrupted: float = 0.0
    backchannels: float = 0.0
    punctuated: bool = True
    # two channels: AssemblyAI times nearly every word at 80 ms
    word_ms: int | None = 80


@dataclass(slots=True)
class _Talk:
    language: str
    manner: Manner
    rng: random.Random

    def utterances(self, turns: int) -> Iterator[dict[str, Any]]:
        clock = 400
        for number in range(turns):
            channel = "12"[number % 2]
            said, until = self.utterance(self.sentences(), clock, channel)
            yield said
            if self.rng.random() < self.manner.backchannels:
                when = self.rng.randint(clock, until)
                yield self.utterance([self.backchannel()], when, "21"[number % 2])[0]
            clock = max(clock + 200, until + self.pause())

    def sentences(self) -> list[str]:
        lines = LANGUAGES[self.language]["sentences"]
        begin = self.rng.randrange(len(lines))
        return lines[begin : begin + self.rng.choice((1, 1, 2, 3))]

    def backchannel(self) -> str:
        return self.rng.choice(LANGUAGES[self.language]["backchannels"])

    def pause(self) -> int:
        if self.rng.random() < self.manner.interrupted:
            return -self.rng.randint(300, 2500)
        return self.rng.choice((150, 300, 600, 1200, 4000))

    def utterance(
        self, sentences: list[str], start: int, channel: str
    ) -> tuple[dict[str, Any], int]:
        """And when it was said to its end, which the vendor's times do not tell."""
        words, clock = [], start
        for sentence in sentences:
            for text in self.words_of(sentence):
                duration = self.duration(text)
                end = clock + min(duration, self.manner.word_ms or duration)
                words.append({"text": text, "start": clock, "end": end, "channel": channel})
                clock += duration
            until, clock = clock, clock + self.rng.randint(50, 500)
        glue = "" if self.language in IDEOGRAPHIC else " "
        whole = {"text": glue.join(map(self.said, sentences)), "words": words}
        times = {"start": start, "end": words[-1]["end"]}
        return whole | times | {"speaker": channel, "channel": channel}, until

    def said(self, sentence: str) -> str:
        if self.manner.punctuated:
            return sentence
        return "".join(c for c in sentence.lower() if c not in MARKS)

    def words_of(self, sentence: str) -> list[str]:
        length = LETTERS_A_WORD.get(self.language, 1000)
        parts = self.said(sentence).split()
        return [part[at : at + length] for part in parts for at in range(0, len(part), length)]

    def duration(self, text: str) -> int:
        # a word of English takes five and a half characters, its space among them; a character of
        # Chinese is a syllable, and so are two of its neighbors'
        letters = len(text) * 2.5 if self.language in IDEOGRAPHIC else len(text) + 1
        if self.language == "Korean":
            letters *= 2
        even = letters * 60_000 / (5.5 * self.manner.words_a_minute)
        return int(even * self.rng.uniform(0.8, 1.2))


def dialogue(language: str, manner: Manner, *, turns: int = 30, seed: int = 1) -> dict[str, Any]:
    """A transcript document with utterances in the order of their beginnings."""
    talk = _Talk(language, manner, random.Random(f"{seed} {language} {manner}"))  # noqa: S311 - no secret
    utterances = sorted(talk.utterances(turns), key=lambda utterance: utterance["start"])
    seconds = max(utterance["end"] for utterance in utterances) // 1000 + 2
    return {"utterances": utterances, "audio_duration": seconds}
