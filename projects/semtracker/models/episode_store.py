"""Cached episodes: pooled tokens, geometry and labels of targets, read in windows."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from mmsmot.utils.fingerprint import file_fingerprint, text_fingerprint
from mmsmot.utils.json_file import read_json

SETTINGS = 'settings.json'  # how the episodes of a folder were made


@dataclass(frozen=True, eq=False)
class EpisodeBatch:
    """N windows of T frames, padded at their end.

    Attributes:
        tokens: (N, T, K, C) float32.
        geometry: (N, T, 9).
        verbs: (N, T, 2) int64; -1 in the padding.
        partners: (N, T, 2) int64.
        mask: (N, T) bool.
    """

    tokens: torch.Tensor
    geometry: torch.Tensor
    verbs: torch.Tensor
    partners: torch.Tensor
    mask: torch.Tensor


class EpisodeStore:
    """What ``tools/cache_episodes.py`` wrote of one split.

    Args:
        folder: The split's.

    Raises:
        FileNotFoundError: It is not there; says how it is made.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        path = Path(folder) / 'episodes.npz'
        if not path.is_file():
            raise FileNotFoundError(
                f'{path}: make it with projects/semtracker/tools/cache_episodes.py'
            )
        with np.load(path) as content:
            self.columns = {name: content[name] for name in content.files}
        self.folder = Path(folder)
        self.starts = self.columns['starts']
        self.tokens = np.load(Path(folder) / 'tokens.npy', mmap_mode='r')

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the labels and of how the tokens were made, wherever the folder lies."""
        path = self.folder / SETTINGS
        made_with = read_json(path) if path.is_file() else {}
        stamps = [
            json.dumps(made_with, sort_keys=True),
            file_fingerprint(self.folder / 'episodes.npz'),
        ]
        return text_fingerprint('\n'.join(stamps))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def length(self, episode: int) -> int:
        """Frames with a box."""
        return int(self.starts[episode + 1] - self.starts[episode])

    def verbs_of(self, episode: int) -> np.ndarray:
        """(T, 2) labels of an episode."""
        return self.columns['verbs'][self.starts[episode] : self.starts[episode + 1]]

    def subject_frames(self, episode: int) -> dict[int, int]:
        """In how many frames the target is the subject of each class."""
        classes = self.verbs_of(episode)[:, 0]
        numbers, counts = np.unique(classes[classes > 0], return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    def batch(self, windows: list[tuple[int, int, int]]) -> EpisodeBatch:
        """Read windows (episode, first row, number of rows)."""
        parts: dict[str, list[torch.Tensor]] = {}
        for episode, first, count in windows:
            start = int(self.starts[episode]) + first
            rows = slice(start, min(start + count, int(self.starts[episode + 1])))
            tokens = torch.from_numpy(np.array(self.tokens[rows])).float()
            parts.setdefault('tokens', []).append(tokens)
            for name in ('geometry', 'verbs', 'partners'):
                part = torch.from_numpy(self.columns[name][rows])
                parts.setdefault(name, []).append(part)
        pad = torch.nn.utils.rnn.pad_sequence
        values = {
            name: pad(part, True, -1 if name in ('verbs', 'partners') else 0)
            for name, part in parts.items()
        }
        mask = pad([torch.ones(len(p)) for p in parts['verbs']], True).bool()
        return EpisodeBatch(**values, mask=mask)
