"""Shared features and interaction branch on cached episodes, without a detector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mmsmot.utils.atomic import atomic_path
from mmsmot.utils.fingerprint import file_fingerprint, text_fingerprint
from mmsmot.utils.stored_arrays import DAMAGED, read_stored_array
from projects.semtracker.models.episode_store import EpisodeBatch, EpisodeStore
from projects.semtracker.models.interaction_branch import InteractionBranch
from projects.semtracker.models.shared_features import SharedFeatures


class BranchOnEpisodes(nn.Module):
    """Shared features and interaction branch, from pooled tokens to logits.

    Args:
        in_channels: Of the pooled tokens.
        branch: Options of :class:`InteractionBranch`.
    """

    def __init__(self, in_channels: int, branch: dict[str, Any]) -> None:
        super().__init__()
        self.shared = SharedFeatures(in_channels=in_channels)
        self.branch = InteractionBranch(**branch)

    def encode(self, batch: EpisodeBatch) -> torch.Tensor:
        """(N, T, d) vectors of the frames; zeros in the padding."""
        count = self.branch.encoder.num_tokens
        tokens = self.shared(batch.tokens[batch.mask][:, :count])
        encoded = self.branch.encoder(tokens, batch.geometry[batch.mask])
        vectors = encoded.new_zeros(*batch.mask.shape, encoded.shape[-1])
        vectors[batch.mask] = encoded
        return vectors


@torch.no_grad()
def encoded_frames(
    model: BranchOnEpisodes, store: EpisodeStore, encoder: str | Path
) -> torch.Tensor:
    """(R, d) vectors of all rows of a store, for an encoder that is not trained.

    They are kept beside the store's tokens, by the hash of the encoder's file and of how
    the store was made.

    Args:
        model: With the weights of ``encoder``.
        store: Episodes.
        encoder: The file of its weights.
    """
    stamp = text_fingerprint(f'{file_fingerprint(encoder)} {store.fingerprint}')
    path = store.folder / f'vectors_{stamp[:16]}.npy'
    try:
        return torch.from_numpy(read_stored_array(path).copy())
    except DAMAGED:
        pass  # not written yet, or cut short by a full disk
    parts = []
    for episode in range(len(store)):
        batch = store.batch([(episode, 0, store.length(episode))])
        parts.append(model.encode(batch)[0])
    vectors = torch.cat(parts)
    with atomic_path(path) as temporary, open(temporary, 'wb') as file:
        np.save(file, vectors.numpy())
    return vectors
