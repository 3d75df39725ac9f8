"""Draws docs/*.svg from bench/results.json."""


def draw() -> None:
    """Filled in below."""
