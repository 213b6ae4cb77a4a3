"""Making a clip of the street from its seed, with every label."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..clip_seed import clip_generators
from ..script import ScriptedLight
from ..writer import LabelledClip, ObjectRow, write_clip_folder
from .captions import street_caption, street_summary
from .expressions import make_street_expressions
from .render import render_street
from .settings import StreetSettings
from .street_object import StreetObject, object_facts
from .traffic import simulate
from .view import StreetView, random_view

SCENARIO_SEED = 0x57EE7  # parts the street's dice from the people's
# Of a box that is annotated: visible fraction, and pixels.
MIN_VISIBILITY, MIN_WIDTH, MIN_HEIGHT = 0.15, 3, 8
MIN_BOXES = 6  # of an object that is annotated at all
CLEAR, MIN_CLEAR = 0.3, 4  # visible fraction, and frames with it, to tell what it is
MIN_OBJECTS = 4  # of a clip
RETAKES = 12  # until there are so many
CLASSES = {'person': 1, 'car': 2, 'van': 3, 'bus': 4, 'bicycle': 5}


@dataclass(frozen=True)
class StreetClip(LabelledClip):
    """A clip of the street, with its labels; not annotated is what is visible by 0."""

    @property
    def rows(self) -> list[ObjectRow]:
        """Of ``gt.txt``: frame, id, box, visible fraction and class of everyone annotated."""
        classes = [CLASSES[body['kind']] for body in self.facts['objects']]
        return [
            (
                t + 1,
                n + 1,
                *self.boxes[t, n].tolist(),
                float(self.visibility[t, n]),
                classes[n],
            )
            for t, n in np.argwhere(self.visibility > 0).tolist()
        ]


def make_street_clip(
    seed: int, index: int, split: str = 'train', settings: StreetSettings | None = None
) -> StreetClip:
    """A clip from its place in the dataset; independent of every other clip.

    Args:
        seed: The dataset's.
        index: Number of the clip in its split, from 0.
        split: ``train``, ``val`` or ``test``.
        settings: Image size and length; by default those of ``mini``.

    Raises:
        ValueError: An unknown split.
        RuntimeError: No traffic came in many tries.
    """
    settings = settings or StreetSettings()
    traffic_rng, sentence_rng = clip_generators([seed, SCENARIO_SEED], split, index)
    for _ in range(RETAKES):
        clip = _take(traffic_rng, split, settings)
        if clip is not None:
            break
    else:
        raise RuntimeError(
            f'clip {index} ({split}): an empty street in {RETAKES} tries'
        )
    images, boxes, visibility, facts = clip
    present = visibility > 0
    return StreetClip(
        images=images,
        boxes=boxes,
        visibility=visibility,
        facts=facts,
        captions=[
            street_caption(body, present[:, n])
            for n, body in enumerate(facts['objects'])
        ],
        summary=street_summary(facts),
        expressions=make_street_expressions(
            facts, present, sentence_rng, settings.num_expressions
        ),
    )


def _take(
    rng: np.random.Generator, split: str, settings: StreetSettings
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray, dict[str, Any]] | None:
    """Images, boxes, visible fractions and facts; ``None`` where nearly nobody came."""
    num_frames = int(rng.integers(settings.num_frames[0], settings.num_frames[1] + 1))
    plan, objects = simulate(rng, split, settings, num_frames)
    view = random_view(rng, settings.width, settings.height)
    light = ScriptedLight(
        gain=round(float(rng.uniform(0.86, 1.06)), 3),
        warmth=round(float(rng.uniform(0.97, 1.04)), 3),
        blur=round(float(rng.choice([0.0, 0.5], p=[0.7, 0.3])), 2),
        grain=round(float(rng.uniform(1.0, 3.5)), 2),
    )
    seed = int(rng.integers(2**31))
    if not objects:
        return None
    frames = list(render_street(plan, objects, view, light, settings.fps, seed))
    boxes = np.stack([frame.boxes for frame in frames])
    visibility = np.stack([frame.visibility for frame in frames])
    is_clear = (visibility >= MIN_VISIBILITY) & (boxes[..., 3] >= MIN_HEIGHT)
    visibility = np.where(is_clear & (boxes[..., 2] >= MIN_WIDTH), visibility, 0.0)
    is_shown_clearly = (visibility >= CLEAR).sum(axis=0) >= MIN_CLEAR
    rows = np.flatnonzero(
        ((visibility > 0).sum(axis=0) >= MIN_BOXES) & is_shown_clearly
    )
    if len(rows) < MIN_OBJECTS:
        return None
    facts = _facts(plan.scene, [objects[row] for row in rows], view, light, settings)
    images = [frame.image for frame in frames]
    return images, boxes[:, rows], visibility[:, rows], facts


def _facts(
    scene: str,
    objects: list[StreetObject],
    view: StreetView,
    light: ScriptedLight,
    settings: StreetSettings,
) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    bodies = []
    for number, body in enumerate(objects, start=1):
        kind = body.kind
        if kind == 'person' and body.look is not None:
            kind = body.look.kind
        content = object_facts(body, number, f'{kind}{counts[kind]}')
        counts[kind] += 1
        content['parked'] = body.parked
        content['counter'] = body.counter
        place = np.nan_to_num(body.place, nan=-999.0)
        content['place'] = place.round(2).tolist()
        for name in ('heading', 'speed'):
            content[name] = getattr(body, name).round(3).tolist()
        content['turn'] = body.turn.tolist()
        content['crossing'] = body.crossing.tolist()
        bodies.append(content)
    return {
        'activity': scene,
        'scene': scene,
        'num_frames': len(objects[0].speed),
        'fps': settings.fps,
        'width': settings.width,
        'height': settings.height,
        'camera': asdict(view),
        'light': asdict(light),
        'objects': bodies,
        'people': [{'name': content['name']} for content in bodies],
        'interactions': [],
    }


def street_clip_folder(out: Path, index: int, split: str) -> Path:
    """Where a clip is kept: <out>/<split>/street/<sequence>."""
    return Path(out) / split / 'street' / f'{index:06d}'


def write_street_clip(
    out: str | os.PathLike, seed: int, index: int, split: str, settings: StreetSettings
) -> Path:
    """Make a clip and write it to its folder, unless it is there."""
    return write_clip_folder(
        street_clip_folder(Path(out), index, split),
        lambda: make_street_clip(seed, index, split, settings),
        settings.jpeg_quality,
    )
