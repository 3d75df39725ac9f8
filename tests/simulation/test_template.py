"""The simulation runs what template.yaml describes: a copied value that differs from it fails here."""

from __future__ import annotations

import pytest

from local.template import BY_FOLDER, PARAMETERS, RESOURCES, function, routes
from simulation import aws, lambdas, world
from simulation.api import find_route

QUEUE = RESOURCES["RecordingsQueue"]["Properties"]


@pytest.mark.parametrize("folder", BY_FOLDER)
def test_functions_have_the_template_s_time_outs_and_routes(folder: str) -> None:
    assert lambdas.TIMEOUTS[folder] == function(folder)["Timeout"]
    for key, route in routes(folder).items():
        found, served, parameters = find_route(route.method, route.path)
        assert (found, served.key) == (folder, key)
        assert set(parameters) == {
            name.strip("{}") for name in route.path.split("/") if "{" in name
        }


def test_the_queue_the_schedule_and_the_settings_are_the_template_s() -> None:
    assert QUEUE["VisibilityTimeout"] == aws.VISIBILITY_SECONDS
    assert QUEUE["RedrivePolicy"]["maxReceiveCount"] == aws.MAX_RECEIVES
    assert function("dial")["EventInvokeConfig"]["MaximumRetryAttempts"] + 1 == aws.SCHEDULE_TRIES
    events = function("reconcile")["Events"]
    [rate] = [e["Properties"]["ScheduleExpression"] for e in events.values()]
    assert rate == f"rate({world.RECONCILE_SECONDS / 60:.0f} minutes)"
    assert PARAMETERS["RetentionDays"]["MinValue"] == world.RETENTION_DAYS
    for name, parameter in (("SPEECH_MODELS", "SpeechModels"), ("DEADLINES", "Deadlines")):
        assert world.SETTINGS[name] == PARAMETERS[parameter]["Default"]
