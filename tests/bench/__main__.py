"""Run every measurement: ``python -m tests.bench``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.bench import kernel, publishers, service


def main() -> None:
    """Print the kernel's figures, the service's, then those of polling publishers."""
    with tempfile.TemporaryDirectory() as folder:
        kernel.report(Path(folder))
        service.report(Path(folder))
        publishers.report(Path(folder))


if __name__ == "__main__":
    main()
