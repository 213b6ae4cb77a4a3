"""Colours, the camera and tracks as the files show them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmsmot.datasets.synsmot.appearance import BROWN, COLORS
from mmsmot.datasets.synsmot.checks.clip_evidence import (
    ClipEvidence,
    EvidenceTrack,
    clip_color_mask,
)
from mmsmot.datasets.synsmot.writer import written_sequence_folders


@pytest.mark.parametrize('name', [*COLORS, 'brown'])
@pytest.mark.parametrize('gain', [0.82, 0.95, 1.08])
@pytest.mark.parametrize('warmth', [0.96, 1.05])
def test_each_colour_is_itself_and_no_other_under_every_light(name, gain, warmth):
    """The renderer's range of lights (``scene._light``), the checker's own colours."""
    bgr = np.array({**COLORS, 'brown': BROWN}[name])
    lit = bgr * gain * np.array([2 - warmth, 1.0, warmth])
    image = np.clip(lit, 0, 255).astype(np.uint8)[None, None]
    named = {c for c in (*COLORS, 'brown') if clip_color_mask(image, c)[0, 0]}
    assert named == {name}


def test_the_camera_is_found_from_the_images(mini):
    """To a pixel at the corners, over whole clips, against the path that was shot."""
    moved = 0
    for folder in written_sequence_folders(mini):
        clip = ClipEvidence(folder)
        facts = json.loads((folder / 'script.json').read_text())
        true = np.array([[*rows, [0, 0, 1]] for rows in facts['camera']['affine']])
        corners = np.array([[0, 0, 1], [319, 0, 1], [0, 191, 1], [319, 191, 1.0]]).T
        # Every third frame is measured; a shaking camera moves between them.
        for t in range(0, clip.num_frames, 3):
            there = clip.camera[t] @ corners
            expected = true[0] @ np.linalg.inv(true[t]) @ corners
            assert np.abs(there - expected).max() < 2.0, (folder.name, t)
            moved = max(moved, np.abs(expected - corners).max())
    assert moved > 8  # there was something to find


def test_tracks_stand_still_where_only_the_camera_moves():
    frames = np.arange(1, 6)
    rows = np.stack(
        [frames, 0 * frames + 1, 100 - 4 * frames, 0 * frames + 50]
        + [0 * frames + 20, 0 * frames + 60, 0 * frames + 1],
        axis=1,
    ).astype(float)
    camera = np.tile(np.eye(3), (5, 1, 1))
    camera[:, 0, 2] = 4 * frames
    track = EvidenceTrack(rows, camera)
    assert np.allclose(track.x, 110)
    assert track.size == pytest.approx(60)
    assert track.during(2, 3).tolist() == [False, True, True, False, False]


def test_shares_are_of_the_part_asked_for(mini):
    clip = ClipEvidence(mini / 'train/chasing/000004')
    assert clip.names == ['woman0', 'woman1', 'woman2', 'boy0']
    assert 'boy wearing a pink shirt' in clip.captions[3]
    assert clip.share_of(4, 'pink', (0.2, 0.55)) > 0.3
    assert clip.share_of(4, 'pink', (0.6, 0.95)) < 0.1
    assert clip.share_of(4, 'red', (0.2, 0.55)) < 0.05
