"""Run every measurement: ``python -m tests.bench``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench import kernel, publishers, service, simulating, why


def main() -> None:
    """Print the figures of the kernel, the service, explaining, replaying what it took in, and polling publishers."""
    with tempfile.TemporaryDirectory() as folder:
        kernel.report(Path(folder))
        service.report(Path(folder))
        why.report(Path(folder))
        simulating.report(Path(folder))
        publishers.report(Path(folder))


if __name__ == "__main__":
    main()
