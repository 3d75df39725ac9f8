"""Calls and recordings that wait too long: each is asked for at its vendor and advanced, or deferred."""
