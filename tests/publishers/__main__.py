"""``python -m tests.publishers``: the stand-ins by hand, with their addresses as settings for config.toml."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.publishers.server import Publishers


def main() -> None:
    """Serve until Ctrl-C or a signal to end."""
    parser = argparse.ArgumentParser(prog="python -m tests.publishers", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; left out, any that is free")
    port = parser.parse_args().port
    # A signal waits, once blocked, however early it comes.
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with Publishers(port=port) as web:
        sys.stdout.write(f"{web.settings()}\n# Serving until Ctrl-C.\n")
        sys.stdout.flush()
        signal.sigwait(ends)


main()
