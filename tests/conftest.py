"""What all tests share: the order that two processes finish soonest in, and clients that come quickly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

LONG = ("system/", "test_publisher", "test_real_releases", "test_add_a_source", "test_calendar", "sources/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long first, so that neither process waits for the other; within a file nothing changes."""
    items.sort(key=lambda item: not any(word in item.nodeid for word in LONG))


@pytest.fixture(scope="session", autouse=True)
def _no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No certificates to read: each client would read all of this machine's, which takes a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        yield
