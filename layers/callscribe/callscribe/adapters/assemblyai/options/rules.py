"""Which of AssemblyAI's options go together, on which model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callscribe.adapters.assemblyai.options.names import ENGLISH_POLICIES
from callscribe.domain.errors import FieldError


@dataclass(frozen=True, slots=True)
class Options:
    """``values`` are right by themselves, ``wrong`` names those that are not.

    ``models`` are the ones that will be asked for; empty where they are not known.
    """

    values: Mapping[str, Any]
    wrong: frozenset[str]
    models: Sequence[str]

    def get(self, path: str, default: Any = None) -> Any:
        """The value at a dotted path; the default where there is none, or null."""
        value: Any = self.values
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return default if value is None else value

    def has(self, path: str) -> bool:
        """Given, and not switched off; zero is a value."""
        return self.get(path, False) is not False

    def lacks(self, path: str) -> bool:
        """Neither given nor tried: what is wrong has had its error."""
        return not self.has(path) and path.split(".", maxsplit=1)[0] not in self.wrong

    @property
    def only_universal_2(self) -> bool:
        """Whether no other model can be used."""
        return set(self.models) == {"universal-2"}

    @property
    def not_english(self) -> bool:
        """Whether the caller named another language; none named is English."""
        return str(self.get("language_code", "en")).split("_")[0] != "en"


Rule = tuple[str, Callable[[Options], bool], str]


def _needs(path: str, *others: str, fix: str = "it must be true") -> Rule:
    """AssemblyAI refuses the first, or it has no effect, without one of the others."""
    names = " or ".join(other.split(".")[-1] for other in others)
    return path, lambda o: all(map(o.lacks, others)), f"needs {names}: {fix}"


def _needs_default(path: str, other: str) -> Rule:
    """The other is true by itself."""
    return path, lambda o: o.get(other) is False, f"needs {other}: it must not be false"


def _excludes(path: str, other: str) -> Rule:
    return path, lambda o: o.has(other), f"and {other} exclude each other: leave one out"


_SWITCHING = "language_detection_options.code_switching"
_IDENTIFICATION = "speech_understanding.request.speaker_identification"
_FORMATTING = "speech_understanding.request.custom_formatting"
_MOST, _LEAST = "speaker_options.max_speakers_expected", "speaker_options.min_speakers_expected"
_NOTHING = "does nothing on universal-2: use universal-3-5-pro, or leave it out"
_BOTH_ON_3_PRO = "and keyterms_prompt exclude each other on universal-3-pro: leave one out"
_MAX_KEYTERMS_ON = {"universal-2": 200}

# an option that is given, when that is a mistake, and what to do
_RULES: tuple[Rule, ...] = (
    _needs("content_safety_confidence", "content_safety"),
    _needs("keyterms_prompt_options", "keyterms_prompt", fix="add it"),
    _needs("language_confidence_threshold", "language_detection"),
    _needs("language_detection_options", "language_detection"),
    _needs(f"{_SWITCHING}_confidence_threshold", _SWITCHING),
    _needs("redact_pii", "redact_pii_policies", fix="name what is to be redacted"),
    _needs("redact_pii_audio", "redact_pii"),
    _needs("redact_pii_audio_options", "redact_pii_audio"),
    _needs("redact_pii_audio_quality", "redact_pii_audio"),
    _needs("redact_pii_policies", "redact_pii"),
    _needs("redact_pii_return_unredacted", "redact_pii"),
    _needs("redact_pii_sub", "redact_pii"),
    _needs("redact_static_entities", "redact_pii"),
    _needs("speaker_options", "speaker_labels"),
    _needs(_IDENTIFICATION, "speaker_labels", "multichannel", fix="set one of them to true"),
    # one channel leaves only speaker_labels to name speakers by (requests.py)
    _needs_default(_IDENTIFICATION, "punctuate"),
    _needs_default("redact_pii", "format_text"),
    _needs_default("sentiment_analysis", "punctuate"),
    _needs_default("speaker_labels", "punctuate"),
    _excludes("language_code", "language_detection"),
    _excludes("language_code", "language_codes"),
    _excludes("language_codes", "language_detection"),
    ("language_codes", lambda o: o.only_universal_2, _NOTHING),
    ("prompt", lambda o: o.only_universal_2, _NOTHING),
    ("remove_audio_tags", lambda o: o.only_universal_2, _NOTHING),
    ("temperature", lambda o: o.only_universal_2, _NOTHING),
    (
        "prompt",
        lambda o: "universal-3-pro" in o.models and o.has("keyterms_prompt"),
        _BOTH_ON_3_PRO,
    ),
    (
        "keyterms_prompt",
        lambda o: o.only_universal_2 and o.not_english and o.get("keyterms_prompt") != [],
        "works in English only on universal-2: leave it out",
    ),
    ("sentiment_analysis", lambda o: o.not_english, "works in English only: leave it out"),
    ("language_codes", lambda o: "en" not in o.get("language_codes"), "must include en"),
    (
        _SWITCHING,
        lambda o: set(o.models) == {"universal-3-5-pro"},
        "works on universal-2 only: add it to speech_models",
    ),
    (
        "audio_end_at",
        lambda o: o.get("audio_end_at") <= o.get("audio_start_from", 0),
        "must be after audio_start_from (milliseconds)",
    ),
    (_MOST, lambda o: o.get(_MOST) < o.get(_LEAST, 1), "must not be below min_speakers_expected"),
)


def contradictions(options: Options) -> Iterator[FieldError]:
    """What is wrong between options that are right by themselves."""
    pairs = (
        (path, message)
        for path, is_mistake, message in _RULES
        if options.has(path) and is_mistake(options)
    )
    for path, message in (*pairs, *_entries(options)):
        yield FieldError(f"transcription.{path}", message)


def _entries(options: Options) -> Iterator[tuple[str, str]]:
    """Rules for what a list or an object holds."""
    terms = options.get("keyterms_prompt", ())
    # the first model's limit counts: it is the one that is used unless it cannot be
    model = next(iter(options.models), "")
    limit = _MAX_KEYTERMS_ON.get(model, len(terms))
    if len(terms) > limit:
        yield "keyterms_prompt", f"has {len(terms)} phrases; {model} takes {limit} at most"
    for position, term in enumerate(terms if options.only_universal_2 else ()):
        # AssemblyAI accepts and ignores it, which no caller can want
        if not 5 <= len(term) <= 50:
            message = "must have 5 to 50 characters: universal-2 ignores other terms"
            yield f"keyterms_prompt[{position}]", message
    policies = options.get("redact_pii_policies", ())
    for position, policy in enumerate(policies if options.not_english else ()):
        if policy in ENGLISH_POLICIES:
            yield f"redact_pii_policies[{position}]", f"{policy} works in English only"
    formatting = options.get(_FORMATTING)
    for name in formatting if isinstance(formatting, dict) else ():
        if name in policies:
            message = "is redacted by redact_pii_policies: format it or redact it, not both"
            yield f"{_FORMATTING}.{name}", message
