"""AssemblyAI's options held against what it takes today: a mistake is refused before any phone rings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

from callscribe.adapters.assemblyai.options.rules import Options, contradictions
from callscribe.adapters.assemblyai.options.table import OPTIONS, OWNED, REPLACED, speech_models
from callscribe.domain.errors import FieldError
from callscribe.domain.json_values import printable, storable

# a body full of mistakes must not make an answer that Lambda cannot return
MAX_ERRORS = 100


class AssemblyAIOptions:
    """Implements ``ports.TranscriptionOptions``. ``configured`` are the stack's own speech models."""

    def __init__(self, configured: tuple[str, ...]) -> None:
        self._configured = configured
        self._options = {**OPTIONS, "speech_models": speech_models(configured)}

    def check(self, options: object) -> list[FieldError]:
        if not isinstance(options, dict):
            return [FieldError("transcription", "must be an object of options")]
        return list(islice(self._all_errors(options), MAX_ERRORS))

    def _all_errors(self, options: Mapping[str, Any]) -> Iterator[FieldError]:
        wrong = set()
        for name, value in options.items():
            for error in self._errors_of(name, value):
                wrong.add(name)
                yield error
        # the rules between options may rely on each being of its type
        right = {name: value for name, value in options.items() if name not in wrong}
        models = () if "speech_models" in wrong else right.get("speech_models", self._configured)
        yield from contradictions(Options(right, frozenset(wrong), models))

    def _errors_of(self, name: str, value: Any) -> Iterator[FieldError]:
        path = f"transcription.{printable(name)}"
        if name in self._options:
            unstorable = list(islice(storable(value, path), MAX_ERRORS))
            yield from unstorable or self._options[name](value, path)
        elif name in OWNED:
            yield FieldError(path, "is filled in by callscribe: leave it out")
        elif name in REPLACED:
            yield FieldError(path, f"is deprecated by AssemblyAI: {REPLACED[name]}")
        else:
            close = get_close_matches(name, self._options, n=1)
            hint = f"did you mean {close[0]}?" if close else "docs/api.md lists them all"
            yield FieldError(path, f"is no option of AssemblyAI's: {hint}")
