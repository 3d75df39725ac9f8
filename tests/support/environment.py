"""What a function finds in its environment where nothing but the template's defaults was chosen."""

from __future__ import annotations

from typing import Any

from local.template import BY_FOLDER, TEMPLATE

_OF_EVERY_FUNCTION = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]


def default_environment(folder: str) -> dict[str, str]:
    """The variables of a function by its folder; what has no default is called ``x``."""
    variables = BY_FOLDER[folder][1]["Properties"]["Environment"]["Variables"]
    return {name: _default(value) for name, value in {**_OF_EVERY_FUNCTION, **variables}.items()}


def _default(value: Any) -> str:
    if isinstance(value, str):
        return value
    [(_, source)] = value.items()
    return str(TEMPLATE["Parameters"].get(source, {}).get("Default", "x"))
