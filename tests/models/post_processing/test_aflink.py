"""Pieces of one trajectory are joined: gates, assignment, chains, weights."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.models.post_processing.aflink import AFLink, assign_links
from mmsmot.models.post_processing.link_network import LinkNetwork
from mmsmot.models.post_processing.link_samples import break_trajectories
from mmsmot.models.post_processing.pedestrian_walks import simulate_walks
from mmsmot.structures import Trajectories


def piece(
    track_id: int, frames: range, left: float = 100, step: float = 0
) -> Trajectories:
    """A person who walks ``step`` pixels to the right a frame."""
    lefts = left + step * np.arange(len(frames))
    boxes = np.column_stack([lefts, 0 * lefts + 50, lefts + 40, 0 * lefts + 150])
    scores = np.linspace(0.5, 0.9, len(frames))
    return Trajectories(list(frames), [track_id] * len(frames), boxes, scores)


def table(*pieces: Trajectories) -> Trajectories:
    joined = pieces[0]
    for more in pieces[1:]:
        joined = joined.concatenated(more)
    return joined


def ids_of(trajectories: Trajectories) -> list[int]:
    return np.unique(trajectories.ids).tolist()


@pytest.fixture(scope='module')
def yes_man(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that takes any two tracklets for one object."""
    network = LinkNetwork(8)
    torch.nn.init.zeros_(network.classifier.fc2.weight)
    network.classifier.fc2.bias.data = torch.tensor([0.0, 20.0])
    path = tmp_path_factory.mktemp('link') / 'yes.pth'
    torch.save(network.state_dict(), path)
    return path


class Told(AFLink):
    """Likelihoods by (last frame of the former, first frame of the later)."""

    told: dict[tuple[int, int], float]

    def link_probability(self, former: np.ndarray, later: np.ndarray) -> np.ndarray:
        keys = zip(former[:, -1, 0], later[:, 0, 0], strict=True)
        return np.array([self.told.get((int(a), int(b)), 0.0) for a, b in keys])


@pytest.mark.parametrize(
    ('start', 'linked'), [(10, False), (11, True), (39, True), (40, False)]
)
def test_gate_in_time(yes_man: Path, start: int, linked: bool) -> None:
    """From the frame behind the last one on, and fewer than 30 frames behind it."""
    given = table(piece(1, range(1, 11)), piece(2, range(start, start + 9)))
    assert ids_of(AFLink(weights=yes_man)(given)) == ([1] if linked else [1, 2])


@pytest.mark.parametrize(('left', 'linked'), [(175, True), (175.5, False)])
def test_gate_in_space(yes_man: Path, left: float, linked: bool) -> None:
    given = table(piece(1, range(1, 11)), piece(2, range(12, 20), left))
    assert ids_of(AFLink(weights=yes_man)(given)) == ([1] if linked else [1, 2])
    assert ids_of(AFLink(weights=yes_man, max_distance=10)(given)) == [1, 2]


def test_only_the_ids_change(yes_man: Path) -> None:
    given = table(piece(7, range(12, 20)), piece(9, range(1, 11)))
    found = AFLink(weights=yes_man)(given)
    assert ids_of(found) == [9]  # the first piece's
    for name in ('frame_ids', 'boxes', 'scores', 'labels', 'det_index'):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name))
    assert given.ids.tolist() == [9] * 10 + [7] * 8
    assert len(AFLink(weights=yes_man)(Trajectories.empty())) == 0


def test_chains_out_of_order_become_one(yes_man: Path) -> None:
    """Ids that neither rise nor fall along the chain."""
    told = Told(weights=yes_man)
    told.told = {(10, 12): 0.99, (20, 22): 0.97, (30, 33): 0.99}
    given = table(
        piece(5, range(1, 11)),
        piece(2, range(12, 21)),
        piece(9, range(22, 31)),
        piece(1, range(33, 40)),
    )
    found = told(given)
    assert ids_of(found) == [5] and len(found) == len(given)


def test_duplicates_are_never_made(yes_man: Path) -> None:
    """Whatever the network says, an object is in one place at a time."""
    rng = np.random.default_rng(2)
    for _ in range(20):
        pieces = []
        for track_id in rng.permutation(30):
            start = int(rng.integers(1, 100))
            frames = range(start, start + int(rng.integers(1, 25)))
            pieces.append(piece(int(track_id), frames, rng.uniform(0, 90)))
        given = table(*pieces)
        found = AFLink(weights=yes_man)(given)  # a table refuses an id twice in a frame
        assert len(found) == len(given)
        assert len(ids_of(found)) < 30


def test_unlikely_pairs_are_not_linked(yes_man: Path) -> None:
    given = table(piece(1, range(1, 11)), piece(2, range(12, 20)))
    for probability, ids in ((0.95, [1]), (0.9499, [1, 2])):
        told = Told(weights=yes_man, min_probability=0.95)
        told.told = {(10, 12): probability}
        assert ids_of(told(given)) == ids


def test_as_many_links_as_possible_and_then_the_likeliest() -> None:
    """0 could go to 5 (surest) or 6, 1 only to 5: both are linked."""
    links = assign_links(
        np.array([0, 0, 1]), np.array([5, 6, 5]), np.array([1.0, 0.95, 0.95])
    )
    assert [pair.tolist() for pair in links] == [[0, 1], [6, 5]]
    links = assign_links(
        np.array([3, 3, 4, 4]), np.array([5, 6, 5, 6]), np.array([0.99, 0.96, 1, 0.98])
    )
    assert [pair.tolist() for pair in links] == [[3, 4], [5, 6]]  # 1.97 > 1.96
    assert [len(a) for a in assign_links(*np.empty((3, 0)))] == [0, 0]


def test_the_packages_weights_know_a_walk() -> None:
    """A straight walk hidden for ten frames is one, two that cross are two."""
    pytest.importorskip('safetensors', reason='no safetensors')
    right = piece(1, range(1, 41), 100, step=2)
    on = piece(2, range(51, 91), 200, step=2)
    back = piece(3, range(51, 91), 200, step=-2)
    assert ids_of(AFLink()(table(right, on))) == [1]
    assert ids_of(AFLink()(table(right, back))) == [1, 3]
    both = AFLink()(table(right, on, back))
    assert ids_of(both) == [1, 3]
    assert both.ids[both.frame_ids == 60].tolist() == [1, 3]


def test_broken_walks_are_mended() -> None:
    """On walks that were not learnt: most links are right, and there are some."""
    pytest.importorskip('safetensors', reason='no safetensors')
    right = links = 0
    for seed in range(1000, 1030):
        truth = simulate_walks(seed)
        pieces, owners = break_trajectories(truth, np.random.default_rng(seed))
        found = AFLink()(pieces)
        order = np.unique(pieces.ids, return_index=True)[1]
        joined = found.ids[order]
        names = np.unique(pieces.ids)
        moved = joined != names
        origin = np.searchsorted(names, joined[moved])
        links += int(moved.sum())
        right += int((owners[origin] == owners[moved]).sum())
    assert links > 200 and right / links > 0.75, (right, links)


def test_the_size_of_a_batch_is_no_matter() -> None:
    rng = np.random.default_rng(0)
    pairs = rng.normal(300, 80, (2, 17, 30, 3))
    whole = AFLink().link_probability(*pairs)
    assert whole.std() > 0.01
    parts = AFLink(batch_size=5).link_probability(*pairs)
    np.testing.assert_allclose(parts, whole, atol=1e-6)


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def test_bad_weights_are_refused(tmp_path: Path) -> None:
    path, mark = tmp_path / 'link.pth', tmp_path / 'ran'
    torch.save({'state_dict': Evil(mark)}, path)
    with pytest.raises(ValueError, match=r'link\.pth was not loaded.*posix\.system'):
        AFLink(weights=path)
    assert not mark.exists()
    with pytest.raises(FileNotFoundError, match=r'no checkpoint at /.*nowhere\.pth'):
        AFLink(weights='nowhere.pth')


@pytest.mark.parametrize(
    ('number', 'text'),
    [
        (dict(max_gap=1), 'max_gap must be a whole number of 2 or more, got 1'),
        (dict(max_distance=-1.0), 'max_distance must be .* 0 or more'),
        (dict(batch_size=0), 'batch_size must be .* 1 or more'),
        (dict(min_probability=1.5), 'min_probability must be .* from 0 to 1, got 1.5'),
    ],
)
def test_numbers_out_of_range(number: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        AFLink(**number)


def test_importing_loads_no_torch() -> None:
    code = (
        'import sys, mmsmot.models.post_processing\n'
        'print([m for m in ("torch", "scipy.optimize") if m in sys.modules])'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == '[]'
