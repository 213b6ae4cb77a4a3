"""The script of a clip: who, where, does what, when. Pure data, no pixels.

Places are metres on the ground (x right of the middle, z away from the camera), times
are frames from 0; a span's ``stop`` is the frame after its last.
"""

from __future__ import annotations

from dataclasses import dataclass

from .actions import ACTIONS
from .appearance import Appearance
from .camera import CameraPath

Place = tuple[float, float]


@dataclass(frozen=True)
class ScriptedAction:
    """What a person does from ``start`` to ``stop``.

    Attributes:
        action: Key of :data:`~.actions.ACTIONS`.
        begin, finish: Where it starts and where it ends.
        heading: Where the body looks, radians, 0 right, pi/2 away from the camera;
            ``None``: along the way, on the spot towards the partner.
        partner: Id of the other person, 0 for none.
        via: Places on the way that is walked at an even pace.
    """

    action: str
    start: int
    stop: int
    begin: Place
    finish: Place
    heading: float | None = None
    partner: int = 0
    via: tuple[Place, ...] = ()

    @property
    def direction(self) -> str:
        """``left``, ``right``, ``toward`` (the camera) or ``away``; '' on the spot."""
        dx, dz = self.finish[0] - self.begin[0], self.finish[1] - self.begin[1]
        if not ACTIONS[self.action].pace or max(abs(dx), abs(dz)) < 0.3:
            return ''
        if abs(dx) >= abs(dz):
            return 'right' if dx > 0 else 'left'
        return 'away' if dz > 0 else 'toward'


@dataclass(frozen=True)
class Actor:
    """A person of the clip; ``beat`` in [0, 1) sets people out of step."""

    id: int
    look: Appearance
    states: tuple[ScriptedAction, ...]
    beat: float
    umbrella: str = ''


@dataclass(frozen=True)
class ScriptedPropSpan:
    """Where a thing is for a while.

    Attributes:
        mode: ``rest`` (at ``begin``), ``fly`` (from ``begin`` to ``finish``, both x, z
            and height in metres, rising ``arc`` metres above the straight line),
            ``hand``, ``hands``, ``bounce``, ``ahead``, ``under``, ``over`` (of the
            actor ``holder``).
    """

    start: int
    stop: int
    mode: str
    holder: int = 0
    begin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    finish: tuple[float, float, float] = (0.0, 0.0, 0.0)
    arc: float = 0.0


@dataclass(frozen=True)
class ScriptedProp:
    """A prop: ``bench``, ``ball``, ``box``, ``cart``, ``bicycle``, ``umbrella``, ...

    ``heading`` turns a bench's front, as a person's.
    """

    kind: str
    color: str
    spans: tuple[ScriptedPropSpan, ...]
    heading: float = -1.5708


@dataclass(frozen=True)
class ScriptedOccluder:
    """Something rooted to the ground in front of people: ``tree``, ``post``, ``bush``."""

    kind: str
    place: Place
    size: float


@dataclass(frozen=True)
class ScriptedLight:
    """Brightness, warmth (red over blue) and softness of the image, grain in levels."""

    gain: float
    warmth: float
    blur: float
    grain: float


@dataclass(frozen=True)
class ScriptInteraction:
    """``subject`` does ``verb`` to ``object`` from ``start`` to ``stop`` (exclusive)."""

    subject: int
    verb: str
    object: int
    start: int
    stop: int


@dataclass(frozen=True)
class Script:
    """Everything about a clip that is decided before anything is drawn.

    Attributes:
        activity: What the clip is mainly about, the name of its folder.
        setting: Kind of scene, a key of ``backdrop.SETTINGS``.
        seed: Of textures and grain.
    """

    activity: str
    setting: str
    num_frames: int
    fps: float
    width: int
    height: int
    actors: tuple[Actor, ...]
    things: tuple[ScriptedProp, ...]
    occluders: tuple[ScriptedOccluder, ...]
    camera: CameraPath
    light: ScriptedLight
    seed: int

    @property
    def interactions(self) -> list[ScriptInteraction]:
        """Every state with a partner whose action is an interaction, in time's order."""
        found = [
            ScriptInteraction(a.id, ACTIONS[s.action].verb, s.partner, s.start, s.stop)
            for a in self.actors
            for s in a.states
            if s.partner and ACTIONS[s.action].verb
        ]
        return sorted(found, key=lambda i: (i.start, i.subject, i.object))

    def actor(self, person: int) -> Actor:
        """The actor of an id."""
        return self.actors[person - 1]
