"""The published releases through one running service: each becomes a message, and the same ranks as by hand."""

from __future__ import annotations

import shutil

from tests.real_data import dictionary_of, lait_releases, needs_releases
from tests.slack_double import SlackDouble
from tests.system.commands import Desk
from tests.system.conftest import Start
from tests.system.service import prepare
from tests.system.test_service import top

RELEASES = 2
TABLES = ("ranks", "themes", "changes")


def tables(desk: Desk) -> list[str]:
    return [desk.run("export", table, "--all-areas").out for table in TABLES]


@needs_releases
def test_releases_dropped_one_after_the_other_stand_in_the_channel_and_rank_as_by_hand(
    desk: Desk, slack: SlackDouble, start: Start
) -> None:
    prepare(desk)
    files = lait_releases()[:RELEASES]
    service = start()
    service.says("started")
    for number, file in enumerate(files, start=1):
        shutil.copy(dictionary_of(file), desk.folder / "drop")
        shutil.copy(file, desk.folder / "drop")
        message = top(slack, number)[-1]
        assert message.mentions == []
    assert service.stop() == 0
    texts = [message.text.splitlines()[0] for message in top(slack, RELEASES)]
    assert texts[0].replace("*", "").startswith("Watching 379 indicators in 6 themes for Leicestershire")
    assert "2025-03-25" in texts[1]
    watched = tables(desk)

    shutil.rmtree(desk.database.parent)
    desk.settings()
    assert desk.run("ingest", *files).code == 0
    assert tables(desk) == watched
