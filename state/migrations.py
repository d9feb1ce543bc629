"""The shape of the database, step by step. A migration, once released, is never edited: add another."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("benchwatch")

_FIRST = """
CREATE TABLE releases (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    identity TEXT NOT NULL UNIQUE,
    published TEXT NOT NULL DEFAULT '',
    received TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'held', 'rejected', 'superseded')),
    rows INTEGER NOT NULL,
    bad_rows INTEGER NOT NULL,
    new_cells INTEGER NOT NULL DEFAULT 0,
    revised_cells INTEGER NOT NULL DEFAULT 0,
    decided_by TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE findings (
    release_id INTEGER NOT NULL REFERENCES releases(id),
    indicator TEXT NOT NULL,
    check_name TEXT NOT NULL,
    evidence TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'approved', 'rejected', 'superseded', 'noted')),
    PRIMARY KEY (release_id, indicator, check_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE staged (
    release_id INTEGER PRIMARY KEY REFERENCES releases(id),
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    dictionary BLOB
) STRICT;

CREATE TABLE areas (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE remarks (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE indicators (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL DEFAULT '',
    theme TEXT NOT NULL DEFAULT '',
    polarity TEXT NOT NULL DEFAULT 'none',
    unit TEXT NOT NULL DEFAULT '',
    decimals INTEGER,
    target TEXT NOT NULL DEFAULT '',
    aliases TEXT NOT NULL DEFAULT '[]',
    release_id INTEGER REFERENCES releases(id)
) STRICT;

CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    indicator_id INTEGER NOT NULL REFERENCES indicators(id),
    period TEXT NOT NULL,
    label TEXT NOT NULL,
    first_snapshot INTEGER NOT NULL,
    release_id INTEGER NOT NULL REFERENCES releases(id),
    UNIQUE (indicator_id, period)
) STRICT;

CREATE TABLE observations (
    series_id INTEGER NOT NULL REFERENCES series(id),
    area_id INTEGER NOT NULL REFERENCES areas(id),
    value REAL,
    remark_id INTEGER NOT NULL,
    lower_ci REAL,
    upper_ci REAL,
    PRIMARY KEY (series_id, area_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX observations_limited ON observations (series_id, area_id)
    WHERE (lower_ci IS NOT NULL OR upper_ci IS NOT NULL);

CREATE TABLE revisions (
    snapshot_id INTEGER NOT NULL,
    series_id INTEGER NOT NULL REFERENCES series(id),
    area_id INTEGER NOT NULL REFERENCES areas(id),
    value REAL,
    remark_id INTEGER NOT NULL,
    lower_ci REAL,
    upper_ci REAL,
    PRIMARY KEY (snapshot_id, series_id, area_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE bases (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;

CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL UNIQUE,
    release_id INTEGER NOT NULL REFERENCES releases(id),
    known TEXT NOT NULL,
    taken TEXT NOT NULL,
    council TEXT NOT NULL,
    comparators TEXT NOT NULL,
    comparators_hash TEXT NOT NULL,
    catalogue_hash TEXT NOT NULL,
    method_version TEXT NOT NULL,
    basis TEXT NOT NULL REFERENCES bases(hash),
    illustrative INTEGER NOT NULL
) STRICT;

CREATE TABLE ranks (
    indicator_id INTEGER NOT NULL REFERENCES indicators(id),
    area_id INTEGER NOT NULL REFERENCES areas(id),
    from_snapshot INTEGER NOT NULL REFERENCES snapshots(id),
    until_snapshot INTEGER,
    series_id INTEGER NOT NULL REFERENCES series(id),
    period TEXT NOT NULL,
    value REAL,
    rank INTEGER,
    "of" INTEGER NOT NULL,
    quartile INTEGER,
    eligibility INTEGER NOT NULL,
    tied INTEGER NOT NULL,
    PRIMARY KEY (indicator_id, area_id, from_snapshot)
) STRICT, WITHOUT ROWID;
CREATE INDEX ranks_current ON ranks (area_id, indicator_id) WHERE until_snapshot IS NULL;

CREATE TABLE theme_ranks (
    name TEXT NOT NULL,
    area_id INTEGER NOT NULL REFERENCES areas(id),
    from_snapshot INTEGER NOT NULL REFERENCES snapshots(id),
    until_snapshot INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('theme', 'composite', 'expenditure')),
    rank_sum INTEGER NOT NULL,
    rank_count INTEGER NOT NULL,
    rank INTEGER,
    "of" INTEGER NOT NULL,
    quartile INTEGER,
    tied INTEGER NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (name, area_id, from_snapshot)
) STRICT, WITHOUT ROWID;

CREATE TABLE theme_details (
    name TEXT PRIMARY KEY,
    aliases TEXT NOT NULL,
    expenditure TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE theme_years (
    name TEXT NOT NULL,
    years_ago INTEGER NOT NULL,
    rank INTEGER,
    "of" INTEGER NOT NULL,
    tied INTEGER NOT NULL,
    quartile INTEGER,
    PRIMARY KEY (name, years_ago)
) STRICT, WITHOUT ROWID;

CREATE TABLE trends (
    series_id INTEGER PRIMARY KEY REFERENCES series(id),
    value REAL,
    rank INTEGER,
    "of" INTEGER NOT NULL,
    quartile INTEGER,
    tied INTEGER NOT NULL,
    year_before INTEGER NOT NULL
) STRICT;

CREATE TABLE told (subject TEXT PRIMARY KEY, snapshot_id INTEGER NOT NULL REFERENCES snapshots(id)) STRICT;

CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    release_id INTEGER NOT NULL REFERENCES releases(id),
    snapshot_id INTEGER NOT NULL REFERENCES snapshots(id),
    kind TEXT NOT NULL,
    cause TEXT,
    reason TEXT NOT NULL,
    theme TEXT NOT NULL,
    indicator TEXT,
    area_code TEXT NOT NULL,
    period_before TEXT, value_before REAL, rank_before INTEGER, of_before INTEGER,
    quartile_before INTEGER, tied_before INTEGER,
    period_after TEXT, value_after REAL, rank_after INTEGER, of_after INTEGER,
    quartile_after INTEGER, tied_after INTEGER
) STRICT;
CREATE INDEX changes_release ON changes (release_id);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    destination TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    created TEXT NOT NULL,
    not_before TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'suppressed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_open ON outbox (id) WHERE state IN ('pending', 'sending');

CREATE TABLE deliveries (
    outbox_id INTEGER NOT NULL REFERENCES outbox(id),
    part INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sending', 'sent')),
    started TEXT NOT NULL,
    channel TEXT NOT NULL,
    ts TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (outbox_id, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_runs (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX job_runs_job ON job_runs (job, id);

CREATE TABLE sources (
    source TEXT NOT NULL,
    place TEXT NOT NULL,
    seen TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    release_id INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
    indicators TEXT NOT NULL,
    reason TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT ''
) STRICT;
"""


@migrations()
def first_tables(db: Database) -> None:
    """Everything the path from a dropped file to a message needs."""
    _run(db, _FIRST)


def _run(db: Database, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            db.execute(statement)


_PUBLISHERS = """
ALTER TABLE releases ADD COLUMN dataset TEXT NOT NULL DEFAULT '';
ALTER TABLE releases ADD COLUMN kind TEXT NOT NULL DEFAULT '';

ALTER TABLE sources ADD COLUMN checked TEXT NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN problem TEXT NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN since TEXT NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN next_try TEXT NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN told TEXT NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN taken TEXT NOT NULL DEFAULT '';

CREATE TABLE gaps (
    source TEXT NOT NULL,
    dataset TEXT NOT NULL,
    indicator TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TEXT NOT NULL,
    told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, dataset, indicator)
) STRICT, WITHOUT ROWID;

CREATE TABLE calendar (
    source TEXT NOT NULL,
    dataset TEXT NOT NULL,
    day TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('provisional', 'confirmed', 'cancelled')),
    title TEXT NOT NULL,
    was TEXT NOT NULL DEFAULT '',
    announced INTEGER NOT NULL DEFAULT 0,
    told TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (source, dataset)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def publishers(db: Database) -> None:
    """What watching publishers needs: data sets and kinds of releases, health of sources, gaps, the calendar."""
    _run(db, _PUBLISHERS)


_SLACK = """
ALTER TABLE changes ADD COLUMN since_snapshot INTEGER;

ALTER TABLE outbox ADD COLUMN amends INTEGER REFERENCES outbox(id);
CREATE INDEX outbox_amends ON outbox (amends) WHERE amends IS NOT NULL;

CREATE TABLE alerted (
    destination TEXT NOT NULL,
    subject TEXT NOT NULL,
    outbox_id INTEGER NOT NULL REFERENCES outbox(id),
    PRIMARY KEY (destination, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscriptions (
    place TEXT NOT NULL,
    theme TEXT NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('weekly', 'now')),
    by TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (place, theme)
) STRICT, WITHOUT ROWID;

CREATE TABLE mutes (
    id INTEGER PRIMARY KEY,
    place TEXT NOT NULL,
    subject TEXT NOT NULL,
    until TEXT NOT NULL,
    from_snapshot INTEGER NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE acknowledgements (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    by_name TEXT NOT NULL,
    cause TEXT NOT NULL,
    action TEXT NOT NULL,
    review TEXT NOT NULL,
    outbox_id INTEGER REFERENCES outbox(id)
) STRICT;
CREATE INDEX acknowledgements_subject ON acknowledgements (subject, id);

CREATE TABLE homes (
    user TEXT PRIMARY KEY,
    opened TEXT NOT NULL,
    shown TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE digests (
    destination TEXT NOT NULL,
    due TEXT NOT NULL,
    at TEXT NOT NULL,
    snapshot_id INTEGER NOT NULL,
    outbox_id INTEGER REFERENCES outbox(id),
    PRIMARY KEY (destination, due)
) STRICT, WITHOUT ROWID;

CREATE TABLE area_years (
    name TEXT NOT NULL,
    area_id INTEGER NOT NULL REFERENCES areas(id),
    years_ago INTEGER NOT NULL,
    rank INTEGER,
    "of" INTEGER NOT NULL,
    tied INTEGER NOT NULL,
    quartile INTEGER,
    PRIMARY KEY (name, area_id, years_ago)
) STRICT, WITHOUT ROWID;
INSERT INTO area_years SELECT name, areas.id, years_ago, rank, "of", tied, quartile FROM theme_years
    JOIN areas ON areas.code = (SELECT council FROM snapshots ORDER BY id DESC LIMIT 1);
DROP TABLE theme_years;
ALTER TABLE area_years RENAME TO theme_years;

CREATE TABLE decisions_now (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    release_id INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject', 'look')),
    indicators TEXT NOT NULL,
    reason TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT ''
) STRICT;
INSERT INTO decisions_now SELECT id, at, actor, release_id, verdict, indicators, reason, outcome FROM decisions;
DROP TABLE decisions;
ALTER TABLE decisions_now RENAME TO decisions;
"""


@migrations()
def slack(db: Database) -> None:
    """What talking with people needs: amendments, subscriptions, mutes, acknowledgements, digests, all areas' years."""
    _run(db, _SLACK)


_YEARS = """
ALTER TABLE theme_details ADD COLUMN deprivation TEXT NOT NULL DEFAULT '';

CREATE TABLE editions (
    name TEXT PRIMARY KEY,
    snapshot_id INTEGER NOT NULL REFERENCES snapshots(id),
    at TEXT NOT NULL,
    by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE published_ranks (
    edition TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    rank INTEGER NOT NULL,
    "of" INTEGER NOT NULL,
    spend_rank INTEGER,
    spend_of INTEGER,
    file TEXT NOT NULL,
    imported TEXT NOT NULL,
    PRIMARY KEY (edition, name)
) STRICT, WITHOUT ROWID;
"""


@migrations()
def years(db: Database) -> None:
    """What looking back needs: named editions of snapshots, ranks published earlier, the measure of deprivation."""
    _run(db, _YEARS)
