"""What all tests share: the order that some processes finish soonest in, and clients that come quickly."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A busy machine may stall any one example for a second; how fast things are is what `make bench` is for.
settings.register_profile("benchwatch", deadline=None)
settings.load_profile("benchwatch")

LONG = (
    "system/test_people",
    "jobs/test_publisher_faults",
    "jobs/test_real_releases",
    "system/",
    "jobs/test_publisher_replay",
    "test_add_a_source",
    "jobs/test_simulating",
    "bot/test_actions",
    "bot/test_charts",
    "jobs/test_years",
    "bot/test_report",
    "jobs/test_calendar",
    "engine/test_ranking",
    "jobs/sources/",
    "bot/test_cli",
    "bot/test_pictures",
    "bot/test_history",
    "bot/test_demo",
    "engine/test_snapshot",
    "engine/test_margin",
    "engine/test_sensitivity",
    "state/test_certainty",
    "jobs/test_tidy",
    "bot/test_simulated",
    "engine/test_progress",
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


def pytest_collection_finish() -> None:
    """Nothing of what is loaded by now goes away, so it need not be searched for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No certificates to read: each client would read all of this machine's, which takes a tenth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        yield
