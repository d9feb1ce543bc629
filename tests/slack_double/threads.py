"""Which thread a message joins."""

from .messages import Channel
from .report import ApiError, Json


def thread_root(channel: Channel, params: Json) -> str | None:
    """The thread that `thread_ts` names, None when it is not given; refuses a thread that does not exist."""
    asked = params.get("thread_ts")
    if not asked:
        return None
    root = channel.thread_root(str(asked))
    if root is None:
        raise ApiError("thread_not_found")
    return root
