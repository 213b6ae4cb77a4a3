"""Cached episodes whose verb shines from one channel of their tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from projects.semtracker.models.episode_store import EpisodeStore


def write_shining_episodes(
    folder: Path,
    rng: np.random.Generator,
    verbs: np.ndarray,
    channels: np.ndarray,
    noise: float,
    **columns: np.ndarray,
) -> EpisodeStore:
    """Targets that are the subject of a verb in every frame.

    Args:
        folder: Is made.
        rng: Draws the noise.
        verbs: (R,) class of each row, from 1.
        channels: (R,) the channel that shines.
        noise: Standard deviation of all eight channels; the shining one is 2 higher.
        columns: ``starts``, ``names``, ``partners`` and ``frame_ids`` of the store.
    """
    folder.mkdir(parents=True)
    num_rows = len(verbs)
    tokens = rng.normal(0, noise, (num_rows, 70, 8)).astype(np.float16)
    tokens[np.arange(num_rows), :, channels] += 2
    np.save(folder / 'tokens.npy', tokens)
    np.savez(
        folder / 'episodes.npz',
        verbs=np.stack([verbs, verbs * 0], axis=1),
        geometry=np.zeros((num_rows, 9), np.float32),
        **columns,
    )
    return EpisodeStore(folder)
