"""What every test shares: which tests a lane has, and what happens without a server."""

import os
import socket
from functools import cache

import pytest

from tests import lanes

# The tests of the checkers and of linting need the tools of the current lane.
collect_ignore = [] if lanes.CURRENT else ["static"]

SERVERS = {"postgresql": ("127.0.0.1", 5432), "mariadb": ("127.0.0.1", 3306)}
REQUIRED = os.environ.get("TYPED_SIGNALS_REQUIRE_DATABASES", "") not in {"", "0"}


@cache
def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def pytest_report_header() -> str:
    return f"lane: {lanes.NAME}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (host, port) in SERVERS.items():
        if item.get_closest_marker(marker) is not None and not answers(host, port):
            message = f"no {marker} server answers on {host}:{port}"
            if REQUIRED:
                pytest.fail(message, pytrace=False)
            pytest.skip(message)
