"""The demonstration: Leicestershire's own figures for 2015/16 and 2016/17 among illustrative comparators.

``README.md`` in this folder says where each figure comes from and how the publications were read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

NAME: Final = "Leicestershire, 2015/16 to 2016/17"
"""What the story is called."""

COUNCIL: Final = "E10000018"
"""Leicestershire."""

COMPARATORS: Final = "two-tier-2016"
"""The group of 27 compared; three of them have ended since, so rank on the day of a release, not today."""

ILLUSTRATIVE: Final = True
"""The comparators' figures are generated: every message and chart must say "illustrative comparators"."""

CATALOGUE: Final = Path(__file__).with_name("catalogue")
"""Folder of the themes, with their spending lines, and of the two composites."""

DATA: Final = Path(__file__).with_name("leicestershire.csv")
"""The council's figures and quartiles, and how far apart comparators typically are."""
