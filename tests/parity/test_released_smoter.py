"""Fusion, interactions and texts of the released SMOTer on weights filled by name."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

pytest.importorskip('transformers', reason='needs transformers')

from mmsmot.engine import load_config
from mmsmot.models.semantics.fused_tracks import FusedTracks
from mmsmot.models.semantics.trajectory_semantics import TrajectorySemantics
from mmsmot.models.trajectory import TrajectoryTokens
from mmsmot.registry import MODELS
from tests.released_weights import filled, save_vocabulary

TOOLS = Path(__file__).parents[2] / 'tools' / 'model_converters'
KEYS = SimpleNamespace(**runpy.run_path(str(TOOLS / 'released_semantic_keys.py')))


@pytest.fixture(scope='module')
def released(goldens: Path) -> dict[str, torch.Tensor]:
    """The inputs and outputs of the release's modules."""
    with np.load(goldens / 'released_smoter' / 'semantics.npz') as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


@pytest.fixture(scope='module')
def semantics(
    goldens: Path, tmp_path_factory: pytest.TempPathFactory
) -> TrajectorySemantics:
    """The config's, with the weights of the release's names by the converter's keys."""
    path = goldens / 'released_smoter' / 'parameters.json'
    parameters = json.loads(path.read_text())
    words = save_vocabulary(tmp_path_factory.mktemp('bert'))
    tokenizer = 'model.semantics.instance_caption.decoder.tokenizer.name'
    config = load_config('smoter/smoter_released_bensmot', {tokenizer: str(words)})
    with torch.device('meta'):  # the values are not looked at
        part = MODELS.build(config.model.semantics)
    keys = KEYS.semantic_keys(6)
    assert keys.keys() == {n for n in parameters if not KEYS.twin_of(n)}
    expected, weights = part.state_dict(), {}
    for name, key in keys.items():
        ours = key.to_ours(filled(name, parameters[name][0]))
        for our_name, weight in zip(key.names, ours, strict=True):
            our_name = our_name.removeprefix(KEYS.SEMANTICS)
            assert weight.shape == expected[our_name].shape
            weights[our_name] = weight
    unfilled = part.load_state_dict(weights, strict=False, assign=True)
    assert not unfilled.unexpected_keys
    # Names that stand twice, the detector's head of track features, and the verbs.
    others = ('roi.', 'video_caption.', 'instance_caption.decoder.model.cls.')
    missing = {n for n in unfilled.missing_keys if not n.startswith(others)}
    assert missing == {'interaction._extra_state'}
    part.instance_caption.decoder.model.tie_weights()
    return part.eval()


@pytest.fixture(scope='module')
def fused(
    semantics: TrajectorySemantics, released: dict[str, torch.Tensor]
) -> FusedTracks:
    """The three trajectories in one batch."""
    tokens = [released[f'track_{i}'].unflatten(1, (4, 256)) for i in range(3)]
    counts = torch.tensor([len(track) for track in tokens])
    index = torch.arange(3).repeat_interleave(counts)
    times = torch.cat([torch.arange(n) for n in counts]).double()
    tracks = TrajectoryTokens.grouped(
        index, torch.cat(tokens), times, torch.zeros(len(index), 4), 3
    )
    with torch.no_grad():
        return semantics._fuse(tracks, [0, 0, 0])


def test_trajectories(fused: FusedTracks, released: dict[str, torch.Tensor]) -> None:
    for row in range(3):
        expected = released[f'fused_{row}'][0]
        ours = fused.fused[row, fused.mask[row]]
        torch.testing.assert_close(ours, expected, atol=1e-4, rtol=0)


@torch.no_grad()
def test_video_of_averaged_frames_and_injected_tracks(
    semantics: TrajectorySemantics,
    fused: FusedTracks,
    released: dict[str, torch.Tensor],
) -> None:
    head, inputs = semantics.video_caption, []
    hook = head.project.register_forward_pre_hook(lambda _, args: inputs.append(*args))
    video = semantics.video_fusion(released['frames'][:, None]).fused
    (prefix,) = semantics.video_prefixes(video, fused, [range(3)])
    hook.remove()
    torch.testing.assert_close(inputs[0], released['video'][0], atol=1e-4, rtol=0)
    mask = torch.ones(1, len(prefix), dtype=torch.bool)
    ids = head.decoder._generate(prefix[None], mask)
    assert ids[0].tolist() == released['video_tokens'].tolist()[1:]


def test_interactions(fused: FusedTracks, released: dict[str, torch.Tensor]) -> None:
    order = fused.pairs.tolist()
    rows = [order.index(pair) for pair in released['pairs'].tolist()]
    assert sorted(rows) == list(range(6))
    expected = released['relation_logits'][:, 1:]  # 0 stands for no verb
    assert relative_error(fused.logits[rows], expected) < 1e-3


@torch.no_grad()
def test_logits_of_a_text(
    semantics: TrajectorySemantics, released: dict[str, torch.Tensor]
) -> None:
    head = semantics.instance_caption
    prefix = head.project(released['fused_0'])
    mask = torch.ones(prefix.shape[:2], dtype=torch.bool)
    logits = head.decoder.logits(prefix, mask, released['text_tokens'])[:, -2:]
    assert relative_error(logits, released['text_logits']) < 1e-3


@torch.no_grad()
def test_captions(
    semantics: TrajectorySemantics,
    fused: FusedTracks,
    released: dict[str, torch.Tensor],
) -> None:
    head = semantics.instance_caption
    ids = head.decoder._generate(head.project(fused.fused), fused.mask)
    for row in range(3):
        expected = released[f'caption_tokens_{row}'].tolist()
        assert [head.decoder.tokenizer.bos_id, *ids[row].tolist()] == expected


def relative_error(ours: torch.Tensor, expected: torch.Tensor) -> float:
    """The greatest difference, against the greatest number."""
    assert ours.shape == expected.shape
    return float((ours - expected).abs().max() / expected.abs().max())
