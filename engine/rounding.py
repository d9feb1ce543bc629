"""Parts rounded so that they add up as shown: to the nearest, but for some of the largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Rounded:
    """A move from ``before`` to ``after`` and its parts, in units of 10^−decimals; the parts add up to the move.

    ``nudged`` says that some part is rounded up that would be down, or the other way, for that.
    """

    before: int
    after: int
    parts: tuple[int, ...]
    decimals: int
    nudged: bool

    @property
    def total(self) -> int:
        """The move as shown."""
        return self.after - self.before

    def plain(self, units: int) -> str:
        """As "14.3"."""
        return f"{abs(units) / 10**self.decimals:.{self.decimals}f}"

    def signed(self, units: int) -> str:
        """As "+1.9", "−0.4", "0.0"."""
        sign = "+" if units > 0 else "−" if units else ""
        return f"{sign}{self.plain(units)}"


def decimals_for(members: int) -> int:
    """Decimals in which one place of one of so many members can be seen: one up to ten, two up to a hundred."""
    return max(1, len(str(max(members - 1, 1))))


def rounded(before: Fraction, after: Fraction, parts: Sequence[Fraction], decimals: int) -> Rounded:
    """The move and its exact parts, which add up to it, as shown with so many decimals.

    What is missing goes to the largest parts that can take it without being a whole unit off: on those it weighs least.
    """
    scale = 10**decimals
    first, last = round(before * scale), round(after * scale)
    scaled = [part * scale for part in parts]
    shown = [round(part) for part in scaled]
    missing = last - first - sum(shown)
    step = 1 if missing > 0 else -1
    takes = [at for at, part in enumerate(scaled) if (part - shown[at]) * step > 0]
    for at in sorted(takes, key=lambda at: -abs(scaled[at]))[: abs(missing)]:
        shown[at] += step
    return Rounded(first, last, tuple(shown), decimals, nudged=missing != 0)
