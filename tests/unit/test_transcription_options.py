from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.transcription_options import (
    MAX_ERRORS,
    OPTIONS,
    OWNED,
    REPLACED,
    check_transcription_options,
)
from tests.unit.transcription_cases import ACCEPTED, PARTS, REFUSED

MODELS = ("universal-3-5-pro", "universal-2")


def check(options: object, models: tuple[str, ...] = MODELS) -> dict[str, Any]:
    return check_transcription_options(options, default_speech_models=models)


def errors_of(options: object, models: tuple[str, ...] = MODELS) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        check(options, models)
    return {error.field: error.message for error in caught.value.errors}


@pytest.mark.parametrize("options", ACCEPTED, ids=lambda o: ",".join(o) or "nothing")
def test_options_that_the_vendor_takes_come_back_equal(options: dict[str, Any]) -> None:
    before = copy.deepcopy(options)
    assert check(options) == before
    assert options == before


@pytest.mark.parametrize(("options", "field", "message"), REFUSED)
def test_a_mistake_is_named_with_its_fix(options: dict[str, Any], field: str, message: str) -> None:
    errors = errors_of(options)
    assert message in errors[f"transcription.{field}"], errors


@pytest.mark.parametrize("options", [None, [], "x", 1, True])
def test_anything_but_an_object_is_refused(options: object) -> None:
    assert list(errors_of(options)) == ["transcription"]


def test_the_copy_shares_nothing_with_the_callers() -> None:
    options = {"keyterms_prompt": ["Acme"]}
    check(options)["keyterms_prompt"].append("changed")
    assert options == {"keyterms_prompt": ["Acme"]}


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
    assert check(options, configured) == options
    assert check({"speech_models": ["universal-3-pro"]}, configured)
    with pytest.raises(InvalidInputError):
        check({"speech_models": ["universal-8"]}, configured)


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
        with pytest.raises(InvalidInputError) as caught:
            check(options)
        assert len(caught.value.errors) == MAX_ERRORS


def test_a_name_that_is_no_text_can_still_be_answered() -> None:
    cases: list[dict[str, Any]] = [{"\ud800" * 500: 1}, {"speaker_options": {"\ud800": 1}}]
    for options in cases:
        assert "".join(errors_of(options)).isascii()


def refusal_of(options: object) -> tuple[FieldError, ...]:
    try:
        assert check(options) == options
    except InvalidInputError as error:
        return error.errors
    return ()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
KNOWN_NAMES = sorted({*OPTIONS, *OWNED, *REPLACED, "speech_models"})


@given(JSON_VALUES | st.dictionaries(st.sampled_from(KNOWN_NAMES) | st.text(), JSON_VALUES))
def test_any_json_is_accepted_or_refused_in_words(options: object) -> None:
    errors = refusal_of(options)
    assert all(isinstance(error, FieldError) and error.message for error in errors)
    # the answer is sent as UTF-8
    "".join(error.field + error.message for error in errors).encode()


@given(st.lists(st.sampled_from(PARTS), max_size=8).map(dict))
def test_any_mix_of_known_options_is_accepted_or_refused(options: dict[str, Any]) -> None:
    errors = refusal_of(options)
    assert all(error.field.startswith("transcription.") for error in errors)
