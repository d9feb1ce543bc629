"""Names that want to be more than names: they are told as text, and nobody is called."""

from __future__ import annotations

from tests.slack_double import SlackDouble, live_mentions
from tests.system.commands import Desk
from tests.system.conftest import Start
from tests.system.releases import Book, Entry, at_place, release
from tests.system.service import OPS, TEAM, prepare, until

NAMES = {
    "mention": "<!channel> <!here> <@U123> <!subteam^S1> @everyone",
    "entities": "Crime & Disorder &lt;!channel&gt; &amp;",
    "markup": "*bold* _it_ ~no~ `code` ```block``` > quote",
    "link": "<https://evil.example|click here> https://evil.example",
    "long": "x" * 4000,
    "long words": "offences recorded " * 250,
    "emoji": "🏴󠁧󠁢󠁥󠁮󠁧󠁿 👩‍👩‍👧 :fire: 🔥",
    "right to left": "معدل الجريمة \u202eecnedive\u202c שיעור",
    "newline": "first line\nsecond line\r\nthird",
    "control": "tab\tbell\x07 null-like\x1b[31mred",
    "formula": '=HYPERLINK("https://evil.example")',
    "quotes": 'it\'s "quoted"; DROP TABLE ranks;--',
}


def test_every_hostile_name_stands_as_text_and_calls_nobody(desk: Desk, slack: SlackDouble, start: Start) -> None:
    prepare(desk)
    entries = [Entry(f"i{at}", theme=f"{name[:40]} theme", name=name) for at, name in enumerate(NAMES.values())]
    for place, period, level in ((10, "2022/23", 100.0), (28, "2023/24", 90.0)):
        book = release(entries, {entry.code: place for entry in entries}, period, level=level)
        done = desk.run("ingest", book.write(desk.folder / "in", f"e-{int(period[:4]) + 1}-11-01.csv"))
        assert done.code == 0, done
    held = Book(tuple(entries))
    for entry in entries[1:]:
        held.add(entry.code, "2024/25", {area: 9 * figure for area, figure in at_place(3).items()})
    held.add("i0", "2024/25", at_place(28, level=80))
    assert desk.run("ingest", held.write(desk.folder / "in", "<!channel>-2025-11-01.csv")).code == 0
    start()
    until(lambda: not desk.rows("SELECT 1 FROM outbox WHERE state <> 'sent'"), "everything sent", 60.0)
    messages = [*slack.channel(TEAM).messages, *slack.channel(OPS).messages]
    assert len(messages) >= 5
    assert [message.mentions for message in messages if message.mentions] == []
    assert all(message.blocks for message in messages), "none had to fall back to plain text"
    refused = [call.answer for call in slack.calls("chat.postMessage") if not call.answer["ok"]]
    assert refused == []


def test_hostile_names_can_be_asked_for_shown_and_exported(desk: Desk) -> None:
    entries = [Entry(f"i{at}", name=name, theme=f"{name[:40]} theme") for at, name in enumerate(NAMES.values())]
    book = release(entries, {entry.code: 10 for entry in entries}, "2022/23")
    assert desk.run("ingest", book.write(desk.folder / "in", "a-2023-11-01.csv")).code == 0
    for question in ("overall", *(f"indicator {name[:200]}" for name in NAMES.values())):
        done = desk.run("ask", question, "--blocks")
        assert done.code == 0, done
        assert live_mentions(done.document) == []
    assert "\x1b" not in desk.run("ask", "overall").out
    assert {row["indicator"] for row in desk.run("export", "ranks").rows} == {entry.code for entry in entries}
