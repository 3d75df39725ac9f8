"""Bodies that Twilio's resources share: its errors, and its lists."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlencode

from local.http_server import Request, Response
from local.simulators.faults import json_response
from local.simulators.twilio.rules import MAX_PAGE_SIZE, PAGE_SIZE, Refusal


def refuse(refusal: Refusal) -> Response:
    """Twilio's error body."""
    more_info = f"https://www.twilio.com/docs/errors/{refusal.code}"
    return json_response(refusal.status, {**asdict(refusal), "more_info": more_info})


def page(name: str, resources: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    query = {key: values[-1] for key, values in parse_qs(request.raw_query).items()}
    size = min(int(query.get("PageSize", PAGE_SIZE)), MAX_PAGE_SIZE)
    number = int(query.get("Page", "0"))
    here = resources[number * size : (number + 1) * size]
    more = len(resources) > (number + 1) * size
    following = urlencode({**query, "Page": number + 1, "PageSize": size})
    return {
        name: here,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + len(here) - 1,
        "uri": f"{request.raw_path}?{request.raw_query}",
        "first_page_uri": f"{request.raw_path}?{urlencode({**query, 'Page': 0})}",
        "next_page_uri": f"{request.raw_path}?{following}" if more else None,
        "previous_page_uri": None,
    }
