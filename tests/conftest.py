"""What all tests share: the order that some processes finish soonest in, and clients that come quickly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

LONG = (
    "system/test_people",
    "jobs/test_publisher_faults",
    "system/",
    "jobs/test_real_releases",
    "jobs/test_publisher_replay",
    "test_add_a_source",
    "jobs/test_calendar",
    "bot/test_actions",
    "engine/test_ranking",
    "jobs/sources/",
    "bot/test_charts",
    "bot/test_pictures",
    "engine/test_snapshot",
    "jobs/test_tidy",
    "bot/test_cli",
)
"""Where the files are that take long, the longest first."""


def pytest_configure(config: pytest.Config) -> None:
    """Files are handed out in the order below; by itself xdist would begin with those of the most tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long first, so that no process waits for another; within a file nothing changes."""

    def place(item: pytest.Item) -> int:
        file = item.nodeid.partition("::")[0]
        return next((at for at, word in enumerate(LONG) if word in file), len(LONG))

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def _no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No certificates to read: each client would read all of this machine's, which takes a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        yield
