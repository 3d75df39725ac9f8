from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.assemblyai.options.check import MAX_ERRORS, AssemblyAIOptions
from callscribe.adapters.assemblyai.options.table import OPTIONS, OWNED, REPLACED
from callscribe.domain.errors import FieldError
from tests.unit.transcription_cases import ACCEPTED, PARTS, REFUSED

MODELS = ("universal-3-5-pro", "universal-2")


def check(options: object, models: tuple[str, ...] = MODELS) -> list[FieldError]:
    return AssemblyAIOptions(models).check(options)


def errors_of(options: object, models: tuple[str, ...] = MODELS) -> dict[str, str]:
    return {error.field: error.message for error in check(options, models)}


@pytest.mark.parametrize("options", ACCEPTED, ids=lambda o: ",".join(o) or "nothing")
def test_options_that_the_vendor_takes_are_no_mistake(options: dict[str, Any]) -> None:
    before = copy.deepcopy(options)
    assert check(options) == []
    assert options == before


@pytest.mark.parametrize(("options", "field", "message"), REFUSED)
def test_a_mistake_is_named_with_its_fix(options: dict[str, Any], field: str, message: str) -> None:
    errors = errors_of(options)
    assert message in errors[f"transcription.{field}"], errors


@pytest.mark.parametrize("options", [None, [], "x", 1, True])
def test_anything_but_an_object_is_refused(options: object) -> None:
    assert list(errors_of(options)) == ["transcription"]


def test_all_mistakes_are_named_at_once() -> None:
    errors = errors_of(
        {"punctuate": 1, "temprature": 0, "redact_pii_sub": "hash", "audio_end_at": -1}
    )
    assert set(errors) == {
        "transcription.punctuate",
        "transcription.temprature",
        "transcription.redact_pii_sub",
        "transcription.audio_end_at",
    }


def test_an_option_is_not_said_to_be_missing_when_it_is_only_wrong() -> None:
    options = {"speaker_labels": "yes", "speaker_options": {"min_speakers_expected": 2}}
    assert set(errors_of(options)) == {"transcription.speaker_labels"}
    assert set(errors_of({"redact_pii": True, "redact_pii_policies": ["x"]})) == {
        "transcription.redact_pii_policies[0]"
    }


def test_the_stacks_own_models_may_be_named_even_newer_ones() -> None:
    configured = ("universal-9", "universal-3-pro")
    options = {"speech_models": ["universal-9"]}
    assert check(options, configured) == []
    assert check({"speech_models": ["universal-3-pro"]}, configured) == []
    assert check({"speech_models": ["universal-8"]}, configured)


def test_the_rules_of_a_model_hold_for_the_stacks_default() -> None:
    assert "transcription.prompt" in errors_of({"prompt": "x"}, ("universal-2",))
    both = {"prompt": "x", "keyterms_prompt": ["x"]}
    assert "transcription.prompt" in errors_of(both, ("universal-3-pro",))


def test_a_body_full_of_mistakes_makes_a_small_answer() -> None:
    cases: list[dict[str, Any]] = [
        {f"x{n}": 1 for n in range(9000)},
        {"custom_spelling": [{}] * 9000},
    ]
    for options in cases:
        assert len(check(options)) == MAX_ERRORS


def test_a_name_that_is_no_text_can_still_be_answered() -> None:
    cases: list[dict[str, Any]] = [{"\ud800" * 500: 1}, {"speaker_options": {"\ud800": 1}}]
    for options in cases:
        assert "".join(errors_of(options)).isascii()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
KNOWN_NAMES = sorted({*OPTIONS, *OWNED, *REPLACED, "speech_models"})


@given(JSON_VALUES | st.dictionaries(st.sampled_from(KNOWN_NAMES) | st.text(), JSON_VALUES))
def test_any_json_is_accepted_or_refused_in_words(options: object) -> None:
    errors = check(options)
    assert all(isinstance(error, FieldError) and error.message for error in errors)
    # the answer is sent as UTF-8
    "".join(error.field + error.message for error in errors).encode()


@given(st.lists(st.sampled_from(PARTS), max_size=8).map(dict))
def test_any_mix_of_known_options_is_accepted_or_refused(options: dict[str, Any]) -> None:
    errors = check(options)
    assert all(error.field.startswith("transcription.") for error in errors)
