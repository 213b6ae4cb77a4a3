"""Draw SynSMOT's contact sheet and the strips that show each of its actions."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsmot.utils.command_line import command_line_number, run_tool, tool_imports

with tool_imports():
    import cv2
    import numpy as np

    from mmsmot.datasets.image_decoder import read_image
    from mmsmot.datasets.synsmot.actions import ACTIONS
    from mmsmot.datasets.synsmot.writer import written_sequence_folders
    from mmsmot.utils.atomic import atomic_path
    from mmsmot.utils.folder_lock import folder_lock
    from mmsmot.utils.json_file import read_json
    from mmsmot.utils.number_ranges import NumberRange


PAPER, INK = (255, 255, 255), (30, 30, 30)
COLORS = ((60, 60, 230), (230, 140, 30), (40, 170, 40), (200, 60, 180), (20, 160, 220))
SHEET_FRAMES, SHEET_WIDTH = 4, 280  # a clip's row: images, and pixels of each
STRIP_FRAMES, STRIP_COLUMNS = 4, 4
TILE = (92, 88)  # pixels of a strip's image
QUALITY = NumberRange(1, 100, integer=True)  # of a JPEG
MARGIN = 0.12  # of the body height, around people in strips


@dataclass(frozen=True)
class SynSMOTClip:
    """A clip as read from its folder."""

    folder: Path
    facts: dict[str, Any]
    rows: np.ndarray  # (R, 9) of gt.txt

    def image(self, frame: int) -> np.ndarray:
        """A frame, from 1."""
        return read_image(self.folder / 'imgs' / f'{frame:06d}.jpg')

    def boxes(self, frame: int, people: tuple[int, ...]) -> np.ndarray:
        """(N, 9) rows of these people in a frame."""
        rows = self.rows[self.rows[:, 0] == frame]
        return rows[np.isin(rows[:, 1], people)]


def read_clips(root: Path) -> Iterator[SynSMOTClip]:
    """Every clip of a dataset on disk."""
    for folder in written_sequence_folders(root):
        facts = read_json(folder / 'script.json')
        rows = np.loadtxt(folder / 'gt' / 'gt.txt', delimiter=',', ndmin=2)
        yield SynSMOTClip(folder, facts, rows)


def put_text_line(
    image: np.ndarray, text: str, x: int, y: int, size: float, color=INK
) -> None:
    """Write a line of text."""
    cv2.putText(
        image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, color, 1, cv2.LINE_AA
    )


def clip_row(clip: SynSMOTClip) -> np.ndarray:
    """A clip's images side by side with boxes, its captions below."""
    frames = np.linspace(1, clip.facts['num_frames'], SHEET_FRAMES + 2)[1:-1]
    pictures = []
    for frame in frames.astype(int):
        image = clip.image(frame)
        scale = SHEET_WIDTH / image.shape[1]
        image = cv2.resize(
            image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
        )
        for row in clip.rows[clip.rows[:, 0] == frame]:
            x, y, w, h = (row[2:6] * scale).round().astype(int)
            color = COLORS[int(row[1] - 1)]
            cv2.rectangle(image, (x, y), (x + w, y + h), color, 1)
        pictures.append(image)
    strip = np.hstack(pictures)
    captions = (clip.folder / 'instance_captions.txt').read_text(encoding='utf-8')
    summary = (clip.folder / 'video_caption.txt').read_text(encoding='utf-8')
    lines = [(line, INK) for line in textwrap.wrap(summary.strip(), 160)]
    for row, caption in enumerate(captions.splitlines()):
        for line in textwrap.wrap(caption, 160, subsequent_indent='    '):
            lines.append((line, COLORS[row]))
    text = np.full((13 * len(lines) + 8, strip.shape[1], 3), PAPER, np.uint8)
    for row, (line, color) in enumerate(lines):
        put_text_line(text, line, 4, 12 + 13 * row, 0.38, color)
    return np.vstack([strip, text])


def synsmot_contact_sheet(clips: list[SynSMOTClip]) -> np.ndarray:
    """Clips of different activities under each other."""
    clip_of_activity: dict[str, SynSMOTClip] = {}
    activities = (
        'chasing',
        'giving',
        'pushing',
        'hugging',
        'leading',
        'throwing_a_ball',
    )
    for clip in clips:
        activity, setting = clip.facts['activity'], clip.facts['setting']
        people = len(clip.facts['people'])
        new = activity in activities and activity not in clip_of_activity
        new = new and all(
            c.facts['setting'] != setting for c in clip_of_activity.values()
        )
        if new and 3 <= people <= 4:
            clip_of_activity[activity] = clip
    return np.vstack([clip_row(clip) for clip in clip_of_activity.values()])


def action_strips(clips: list[SynSMOTClip]) -> np.ndarray:
    """A strip for every action, where it is seen best."""
    best: dict[str, tuple[float, SynSMOTClip, dict[str, Any], tuple[int, ...]]] = {}
    for clip in clips:
        for person in clip.facts['people']:
            for state in person['states']:
                people = tuple({person['id'], state['partner']} - {0})
                score = _clearness(clip, state, people)
                if score > best.get(state['action'], (0.0,))[0]:
                    best[state['action']] = (score, clip, state, people)
    missing = sorted(set(ACTIONS) - set(best))
    if missing:
        raise ValueError(f'no clip shows {missing}; give a larger dataset')
    strips = [_strip(name, *best[name][1:]) for name in ACTIONS]
    strips += [np.full_like(strips[0], 255)] * (-len(strips) % STRIP_COLUMNS)
    rows = [
        np.hstack(strips[i : i + STRIP_COLUMNS])
        for i in range(0, len(strips), STRIP_COLUMNS)
    ]
    return np.vstack(rows)


def _clearness(
    clip: SynSMOTClip, state: dict[str, Any], people: tuple[int, ...]
) -> float:
    """How well people are seen over a state: visible fraction times size."""
    span = clip.rows[
        (clip.rows[:, 0] >= state['start']) & (clip.rows[:, 0] <= state['end'])
    ]
    mine = span[np.isin(span[:, 1], people)]
    expected = (state['end'] - state['start'] + 1) * len(people)
    if len(mine) < 0.7 * expected or state['end'] - state['start'] < 5:
        return 0.0
    strangers = span[~np.isin(span[:, 1], people)]
    crowd = len(strangers) / max(len(span), 1)
    return float(mine[:, 8].mean() ** 4 * mine[:, 5].mean() * (1 - 0.5 * crowd))


def _strip(
    name: str, clip: SynSMOTClip, state: dict[str, Any], people: tuple[int, ...]
) -> np.ndarray:
    """Images of an action from start to end through one window."""
    frames = np.linspace(state['start'], state['end'], STRIP_FRAMES + 2)[1:-1].astype(
        int
    )
    if len(people) == 1 and not ACTIONS[name].pace:  # gestures are fast
        middle = (state['start'] + state['end']) // 2
        frames = np.arange(middle - 3, middle + 4, 2).clip(state['start'], state['end'])
    held = np.vstack([clip.boxes(frame, people) for frame in frames])
    low, high = held[:, 2:4].min(0), (held[:, 2:4] + held[:, 4:6]).max(0)
    pad = MARGIN * held[:, 5].max()
    low, high = low - pad, high + pad
    scale = float(min(TILE / (high - low)))
    corner = (low + high) / 2 - np.array(TILE) / scale / 2
    affine = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    tiles = [
        cv2.warpAffine(
            clip.image(frame),
            affine,
            TILE,
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=PAPER,
        )[:, : TILE[0] - 2]
        for frame in frames
    ]
    band = np.full((15, TILE[0] * STRIP_FRAMES, 3), PAPER, np.uint8)
    verb = ACTIONS[name].verb
    put_text_line(band, f'{name}  {verb}' if verb else name, 2, 11, 0.38)
    tiles = [
        cv2.copyMakeBorder(t, 0, 0, 0, 2, cv2.BORDER_CONSTANT, value=PAPER)
        for t in tiles
    ]
    strip = np.vstack([band, np.hstack(tiles)])
    return cv2.copyMakeBorder(strip, 0, 3, 0, 6, cv2.BORDER_CONSTANT, value=PAPER)


def save_jpeg(image: np.ndarray, path: Path, quality: int) -> None:
    """Write a JPEG whole or not at all."""
    with atomic_path(path) as temporary:
        cv2.imwrite(str(temporary), image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    print(f'{path}: {image.shape[1]}x{image.shape[0]}, {path.stat().st_size} bytes')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('root', type=Path, help='a SynSMOT on disk, small or larger')
    parser.add_argument('--out', type=Path, required=True, help='folder of the figures')
    parser.add_argument(
        '--quality', type=command_line_number(QUALITY), default=72, help='of the JPEGs'
    )
    args = parser.parse_args()
    clips = list(read_clips(args.root))
    if not clips:
        raise ValueError(f'{args.root}: holds no clip; make one with make_synsmot.py')
    with folder_lock(args.out):
        save_jpeg(
            synsmot_contact_sheet(clips), args.out / 'synsmot_sheet.jpg', args.quality
        )
        save_jpeg(action_strips(clips), args.out / 'synsmot_actions.jpg', args.quality)


if __name__ == '__main__':
    run_tool(main)
