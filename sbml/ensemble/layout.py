"""Where things lie in the image: named regions of slots, a slot being one value for every lane."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Layout:
    """The plan of an image while a program is written.

    Attributes
    ----------
    regions : dict of str to (int, int)
        First slot and number of slots of each region.
    """

    regions: dict[str, tuple[int, int]] = field(default_factory=dict)
    size: int = 0

    def add(self, name: str, slots: int = 1) -> int:
        """Add a region and return its first slot."""
        if name in self.regions:
            raise AssertionError(f"region {name} is there already")
        self.regions[name] = (self.size, slots)
        self.size += slots
        return self.regions[name][0]

    def __getitem__(self, name: str) -> int:
        return self.regions[name][0]
