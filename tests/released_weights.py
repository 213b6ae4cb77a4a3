"""Weights of the released SMOTer's layout that need no file: filled from their names."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

# Words of BERT where it has them; the converter looks for some.
BERT_WORDS = {0: '[PAD]', 100: '[UNK]', 101: '[CLS]', 102: '[SEP]', 103: '[MASK]'}
BERT_WORDS |= {1996: 'the'}


def filled(name: str, shape: Sequence[int], gain: float = 1.0) -> torch.Tensor:
    """A weight by the rule of ``goldens/released_smoter/README.md``.

    Args:
        name: Released.
        shape: Of the weight.
        gain: Variance of a kernel times the numbers that it sums; 1 by that rule.
    """
    if name.endswith('num_batches_tracked'):
        return torch.zeros((), dtype=torch.int64)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    noise = rng.standard_normal(tuple(shape), dtype=np.float32)
    if name.endswith(('bias', 'running_mean')):
        noise *= 0.02
    elif len(shape) == 1:
        noise = 1 + np.float32(0.1) * noise
    elif any(part in name for part in ('embed', 'words', 'positions')):
        noise *= 0.05
    else:
        noise /= np.sqrt(np.prod(shape[1:], dtype=np.float32) / np.float32(gain))
    return torch.from_numpy(noise)


def save_vocabulary(folder: Path, size: int = 30522) -> Path:
    """A folder with BERT's special words and 'the' where BERT has them, and made-up others."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [BERT_WORDS.get(i, f'word{i}') for i in range(size)]
    (folder / 'vocab.txt').write_text('\n'.join(words) + '\n')
    return folder
