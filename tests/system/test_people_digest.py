"""The weekly digest where the service was down when it fell due: once and only once for each who gets one."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from state.database import connect
from tests.system.commands import Desk, Launcher
from tests.system.people import ANN, BOB, CARRIERS, LOBBY, ROSE, SAFETY, Office, first, office, read
from tests.system.releases import ROADS, Entry, release
from tests.system.service import TEAM, until

ENTRIES = (Entry("burglary", name="Burglary"), Entry("robbery", name="Robbery"), Entry("litter", ROADS, name="Litter"))
FIRST = {"burglary": 10, "robbery": 12, "litter": 5}


def weekly(at: datetime) -> str:
    """The settings of a digest once a week at this time."""
    return f'\n[digest]\nevery = "{at.minute} {at.hour} * * {at:%a}"\n'.lower()


def a_week_passes(made: Office) -> None:
    """Set back by a week what is known of digests and subscriptions: as if all of it had been done last week."""
    db = connect(made.desk.database)
    for table, column in (("digests", "at"), ("subscriptions", "since")):
        db.execute(f"UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%S+00:00', {column}, '-7 days')")  # noqa: S608
    db.execute("UPDATE digests SET due = strftime('%Y-%m-%dT%H:%M', due, '-7 days')")
    db.conn.commit()
    db.close()


def in_all(made: Office) -> dict[str, list[str]]:
    """The first lines of what stands with each who gets a digest."""
    places = {ANN: made.slack.direct_message(ANN).id, BOB: made.slack.direct_message(BOB).id}
    places |= {ROSE: made.slack.direct_message(ROSE).id, SAFETY: SAFETY, LOBBY: LOBBY}
    return {who: made.top(place) for who, place in places.items()}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_digest_that_fell_due_while_the_service_was_down_comes_once(
    desk: Desk, second_launcher: Launcher, carrier: str
) -> None:
    with office(desk, carrier, second_launcher) as made:
        made.settings(weekly(datetime.now(ZoneInfo("Europe/London")) - timedelta(minutes=1)))
        desk.run("ingest", release(ENTRIES, FIRST, "2021/22").write(desk.folder / "in", "crime-2023-11-01.csv"))
        made.start()
        made.ask("subscribe theme transport weekly", BOB)
        made.ask("subscribe theme transport weekly here", ANN)
        made.standing(TEAM, "Watching")
        made.settled()
        made.service.kill()
        a_week_passes(made)
        made.start()
        until(lambda: made.desk.rows("SELECT count(*) FROM digests") == [(4,)], "all who get one are known")
        assert not any(in_all(made).values()), "the first begins there"
        made.service.kill()
        a_week_passes(made)
        worse = release(ENTRIES, {**FIRST, "burglary": 26, "robbery": 28}, "2022/23", level=90)
        assert desk.run("ingest", worse.write(desk.folder / "in", "crime-2024-11-01.csv")).code == 0
        made.start()
        roads, own = made.slack.direct_message(ROSE).id, made.slack.direct_message(BOB).id
        crime = read(made.standing(SAFETY, "Community safety")).split("\n")
        assert crime[0] == (
            "Community safety this week: Police & Crime falls from 11th to 27th of 31; "
            "2 indicators entered the bottom quartile"
        )
        assert "Why: Burglary cost 8.0 places of the average rank, Robbery 8.0" in crime
        assert any(line.startswith("Nearest to leaving the bottom quartile: Burglary needs 2.01") for line in crime)
        assert len(made.thread(made.standing(SAFETY, "Community safety"))) == 1, "and a chart"
        same = "nothing changed this week · Transport & Highways 5th of 31 · none of 1 indicator in the bottom quartile"
        for place, name in ((roads, "Roads"), (own, "Your subscriptions"), (LOBBY, "This channel's subscriptions")):
            assert first(made.standing(place)) == f"{name}: {same}"
        made.settled()
        told = in_all(made)
        assert [len(told[who]) for who in (ANN, BOB, ROSE, SAFETY, LOBBY)] == [0, 1, 1, 2, 1]
        made.killed()
        made.ask("overall")
        made.settled()
        assert in_all(made) == told, "once and only once"
        made.assert_well()
