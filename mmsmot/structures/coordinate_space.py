"""In whose pixels a box is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CoordinateSpace:
    """The image whose pixels boxes are measured in.

    Boxes of the resized network input and boxes of the original frame look alike but
    must never be matched with each other; carrying the space makes that an error
    instead of a wrong score.

    Attributes:
        name: ``'original'`` for the video's own frames, anything else for another
            image (``'network'``).
        width: Width of that image in pixels, ``None`` if it is not known.
        height: Height of that image in pixels, ``None`` if it is not known.
    """

    name: str = 'original'
    width: int | None = None
    height: int | None = None

    def agrees_with(self, space: CoordinateSpace) -> bool:
        """Whether boxes of both spaces may be compared; unknown sizes agree with any."""

        def is_equal(a: int | None, b: int | None) -> bool:
            return a is None or b is None or a == b

        return (
            self.name == space.name
            and is_equal(self.width, space.width)
            and is_equal(self.height, space.height)
        )

    def require(self, space: CoordinateSpace, doing: str = 'compare boxes') -> None:
        """Raise ``ValueError`` unless both spaces agree."""
        if not self.agrees_with(space):
            raise ValueError(
                f'cannot {doing}: one side is measured in {self}, the other in {space}. '
                'Scale one of them first (Trajectories.rescaled).'
            )

    def __str__(self) -> str:
        size = f'{self.width or "?"}x{self.height or "?"}'
        return f'{self.name} pixels ({size})'


ORIGINAL = CoordinateSpace()
