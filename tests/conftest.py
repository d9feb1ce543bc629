"""The order of the tests: with two processes, what takes long begins first, so that neither waits for the other."""

from __future__ import annotations

import pytest

LONG = ("system/", "test_publisher", "test_real_releases", "test_add_a_source", "test_calendar", "sources/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long first; within a file nothing changes."""
    items.sort(key=lambda item: not any(word in item.nodeid for word in LONG))
