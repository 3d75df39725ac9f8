"""A simulator of Twilio Programmable Voice. Every phone, call and recording in it is simulated."""

from local.simulators.twilio.server import TwilioSimulator

__all__ = ["TwilioSimulator"]
