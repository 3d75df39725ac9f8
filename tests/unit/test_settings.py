"""Settings are typed and checked once; what is wrong is said with its parameter and the fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from callscribe.bootstrap.settings import Setting, SettingError, Settings
from local.template import BY_FOLDER, TEMPLATE
from local.template import function as properties_of

PARAMETERS = TEMPLATE["Parameters"]
SETTINGS = {
    setting.variable: setting for setting in vars(Settings).values() if isinstance(setting, Setting)
}


# every variable that any function has, with what it carries
GIVEN: dict[str, Any] = {
    name: value
    for function in (TEMPLATE["Globals"]["Function"], *map(properties_of, BY_FOLDER))
    for name, value in function["Environment"]["Variables"].items()
    if not name.startswith(("AWS_", "POWERTOOLS_"))
}


@pytest.mark.parametrize(("variable", "value"), GIVEN.items(), ids=list(GIVEN))
def test_setting_is_named_like_the_parameter_that_its_variable_carries(
    variable: str, value: Mapping[str, str]
) -> None:
    source = SETTINGS[variable].source
    assert source in str(value)
    assert variable.replace("_", "").lower() == source.lower() or source not in PARAMETERS


def test_every_setting_is_given_to_some_function() -> None:
    assert set(SETTINGS) == set(GIVEN)


DEFAULTS = [
    (variable, setting.field, PARAMETERS[setting.source])
    for variable, setting in SETTINGS.items()
    if "Default" in PARAMETERS.get(setting.source, {})
]


@pytest.mark.parametrize(("variable", "field", "parameter"), DEFAULTS)
def test_default_of_the_template_is_taken(
    variable: str, field: str, parameter: dict[str, Any]
) -> None:
    default = str(parameter["Default"])
    read = getattr(Settings({variable: default}), field)
    if parameter["Type"] == "Number":
        assert read == parameter["Default"]
    for value in parameter.get("AllowedValues", ()):
        getattr(Settings({variable: value}), field)


@pytest.mark.parametrize(
    ("variable", "field", "parameter"), [d for d in DEFAULTS if d[2]["Type"] == "Number"]
)
def test_bounds_are_the_template_s(variable: str, field: str, parameter: dict[str, Any]) -> None:
    least, most = parameter["MinValue"], parameter.get("MaxValue")
    assert getattr(Settings({variable: str(least)}), field) == least
    for wrong in (least - 1, *([most + 1] if most else [])):
        with pytest.raises(SettingError, match="must be a whole number"):
            getattr(Settings({variable: str(wrong)}), field)


SECRETS = {
    output: value["Value"]["Sub"]
    for output, value in TEMPLATE["Outputs"].items()
    if output.endswith("ParameterName")
}


def test_outputs_name_the_parameters_of_the_secrets_that_the_functions_read() -> None:
    settings = Settings({"STACK_NAME": "s"})
    read = {
        name.replace("_", ""): getattr(settings, name)
        for name in vars(Settings)
        if name.endswith("_parameter_name") and not name.startswith("_")
    }
    assert read == {
        output.lower(): name.replace("${AWS::StackName}", "s") for output, name in SECRETS.items()
    }


WRONG = [
    ("RETENTION_DAYS", "x", "RetentionDays must be a whole number from 7 to 36500, not 'x'"),
    ("MAX_CALLS_PER_DAY", "", "MaxCallsPerDay must be a whole number of at least 1, not ''"),
    ("MAX_CALLS_AT_ONCE", "٣", "MaxCallsAtOnce must be a whole number from 1 to 1000, not '٣'"),
    ("CONSENT_KEY_PRESS", "true", "ConsentKeyPress must be one of yes, no, not 'true'"),
    ("VENDOR_COPIES", "", "VendorCopies must be one of keep, delete, not ''"),
    ("SPEECH_MODELS", " ,", "SpeechModels must name at least one, separated by commas"),
    ("TWILIO_ACCOUNT_SID", "", "TwilioAccountSid must not be empty"),
    ("DEADLINES", "call.queued=x", "Deadlines 'call.queued=x' must be call.queued=<whole minutes>"),
    (
        "ALLOWED_COUNTRIES",
        "USA",
        "AllowedCountries 'USA' is no country: two capital letters, such as US",
    ),
    (
        "QUIET_HOURS",
        "21-8",
        "QuietHours '21-8' must be HH:MM-HH:MM, such as 21:00-08:00, or empty",
    ),
]


@pytest.mark.parametrize(("variable", "value", "words"), WRONG)
def test_bad_value_is_refused_with_the_parameter_and_the_fix(
    variable: str, value: str, words: str
) -> None:
    settings = Settings({variable: value})
    with pytest.raises(SettingError) as error:
        getattr(settings, variable.lower())
    assert str(error.value) == words


def test_numbers_that_are_needed_and_missing_are_refused_with_their_parameter() -> None:
    with pytest.raises(SettingError, match="AdoptNumbers"):
        _ = Settings({"ADOPT_RECORDINGS": "numbers", "ADOPT_NUMBERS": ""}).adoption


def test_variable_that_a_function_lacks_is_named() -> None:
    with pytest.raises(SettingError, match=r"^RetentionDays .* RETENTION_DAYS in template\.yaml$"):
        _ = Settings({}).retention_days


def test_each_is_parsed_once() -> None:
    environment = {"DEADLINES": "call.queued=5"}
    settings = Settings(environment)
    first = settings.deadlines
    environment["DEADLINES"] = "nonsense"
    assert settings.deadlines is first


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"RETENTION_DAYS": "x"}, "RetentionDays must be a whole number"),
        ({"ADOPT_RECORDINGS": "numbers", "ADOPT_NUMBERS": "12"}, "AdoptNumbers"),
    ],
)
def test_wrong_value_is_refused_at_the_start(environment: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Settings(environment).check()


def test_function_is_checked_for_what_it_is_given_and_no_more() -> None:
    Settings({"RETENTION_DAYS": "30"}).check()
