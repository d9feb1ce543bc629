"""Faults in a payload, gathered in Slack's wording, each with the JSON pointer to the offending value."""

from collections.abc import Callable, Collection
from typing import Any

Json = dict[str, Any]
Check = Callable[["Report", Any, str], None]


class ApiError(Exception):
    """A refusal: the `error` name Slack answers with, and the details it puts in `response_metadata` or beside it."""

    def __init__(self, error: str, messages: Collection[str] = (), **beside: str) -> None:
        super().__init__(error, *messages)
        self.error = error
        self.messages = list(messages)
        self.beside = beside

    def answer(self) -> Json:
        """The body Slack sends, on HTTP status 200, for this refusal."""
        body: Json = {"ok": False, "error": self.error, **self.beside}
        if self.messages:
            body["response_metadata"] = {"messages": self.messages}
        return body


class Report:
    """All the faults of one payload; an empty report means that Slack would take it."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def add(self, pointer: str, problem: str) -> None:
        self.problems.append(f"[ERROR] {problem} [json-pointer:{pointer}]")

    def keys(self, value: Json, pointer: str, allowed: Collection[str], required: Collection[str] = ()) -> None:
        """Slack refuses keys it does not know as well as the absence of those it needs."""
        for key in value:
            if key not in allowed:
                self.add(pointer, f"invalid additional property: {key}")
        for key in required:
            if value.get(key) is None:
                self.add(pointer, f"missing required field: {key}")

    def string(self, value: Any, pointer: str, most: int | None = None, least: int = 1) -> None:
        """Check a plain string; None is an absent optional value and passes."""
        if value is None:
            return
        if not isinstance(value, str):
            self.add(pointer, "must be a string")
        elif len(value) < least:
            self.add(pointer, f"must be more than {least - 1} characters")
        elif most is not None and len(value) > most:
            self.add(pointer, f"must be less than {most + 1} characters")

    def text(self, value: Any, pointer: str, most: int, *, plain: bool = False) -> None:
        """Check a text object; `plain` refuses mrkdwn where Slack takes plain_text only."""
        if value is None:
            return
        if not isinstance(value, dict):
            self.add(pointer, "must provide an object")
            return
        kind = value.get("type")
        if kind not in ("plain_text", "mrkdwn") or (plain and kind != "plain_text"):
            self.add(f"{pointer}/type", f"unsupported type: {kind}")
            return
        self.keys(value, pointer, ("type", "text", "emoji" if kind == "plain_text" else "verbatim"), ("text",))
        self.string(value.get("text"), f"{pointer}/text", most)

    def number(self, value: Any, pointer: str, least: int, most: int) -> None:
        """Check a whole number against both ends of its range; None passes."""
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.add(pointer, f"must be a whole number from {least} to {most}")

    def each(self, value: Any, pointer: str, most: int | None, check: Check, least: int = 1) -> None:
        """Check the length of a list, then every item of it; None passes."""
        if value is None:
            return
        if not isinstance(value, list):
            self.add(pointer, "must provide an array")
            return
        if len(value) < least:
            self.add(pointer, f"no fewer than {least} items allowed")
        elif most is not None and len(value) > most:
            self.add(pointer, f"no more than {most} items allowed")
            return
        for index, item in enumerate(value):
            check(self, item, f"{pointer}/{index}")

    def typed(self, value: Any, pointer: str, checks: dict[str, Check]) -> None:
        """Check an object by the entry for its `type`; a type without an entry is refused."""
        if not isinstance(value, dict):
            self.add(pointer, "must provide an object")
            return
        check = checks.get(str(value.get("type")))
        if check is None:
            self.add(f"{pointer}/type", f"unsupported type: {value.get('type')}")
        else:
            check(self, value, pointer)
