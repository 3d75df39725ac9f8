"""A callee who picks up hears no cold start: the callback that says "ringing" has warmed the answer."""

from __future__ import annotations

from tests.support.stack import Driver


def test_ringing_callback_warms_the_environment_that_answers(driver: Driver) -> None:
    pool = driver.stack.pools["TwimlFunction"]
    call_id = driver.place(place_at="2027-01-01T00:00:00Z")["call_id"]
    pool.restart()
    before = pool.started
    form = {"CallSid": "CA" + "7" * 32, "CallStatus": "ringing"}
    assert driver.callback(f"/call-status/{call_id}", form).status_code == 204
    assert pool.started == before + 1
    answer = driver.callback(f"/twiml/{call_id}", {**form, "CallStatus": "in-progress"})
    assert "<Record" in answer.text
    # the same process: it had its modules, its clients and Twilio's token already
    assert pool.started == before + 1
