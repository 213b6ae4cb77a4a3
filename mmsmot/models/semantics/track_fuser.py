"""Tokens of tracks to fused tracks, and the logits of their pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ...registry import build_part
from ...structures import Frame, Tracks
from ...structures.feature_maps import FeatureMaps
from ..fusion import InteractionTokens
from ..training.clip_table import ClipTable
from ..trajectory import TrajectoryTokens
from .fused_tracks import FusedTracks
from .slots import fuse_checked_slot, require_slot_interface

NO_TRACK_FEATURES = (
    'TrajectorySemantics: roi=None takes the features that tracks carry, and these carry '
    'none; give it a roi, or an estimator that provides them'
)


class TrackFuser(nn.Module):
    """The encoder of :class:`~.trajectory_semantics.TrajectorySemantics`.

    ::

        boxes, feature maps -> roi -> tokens (R, K, d)
        tokens of M tracks  -> trajectory_fusion -> cross_track_attention -> T~ (M, L, d)
        T~                  -> interaction -> logits of ordered pairs

    Args: as of :class:`~.trajectory_semantics.TrajectorySemantics`.

    Raises:
        TypeError: A part lacks what its slot must offer.
        ValueError: Both or neither of ``roi`` and ``box_tokens`` are given.
    """

    def __init__(
        self,
        *,
        roi: dict | nn.Module | None,
        trajectory_fusion: dict | nn.Module,
        video_fusion: dict | nn.Module | None,
        cross_track_attention: dict | nn.Module | None,
        bigram_head: dict | nn.Module | None,
        interaction_tokens: dict | nn.Module | None,
        interaction: dict | nn.Module | None,
        max_boxes: int | None,
        box_tokens: int | None,
        all_pairs: bool,
    ) -> None:
        super().__init__()
        if (roi is None) != (box_tokens is not None):
            raise ValueError(
                'TrajectorySemantics: give a roi, or with roi=None the box_tokens of the '
                "tracks' features"
            )
        self.roi = build_part(roi)
        require_slot_interface('roi', self.roi)
        tokens: int = self.roi.tokens if box_tokens is None else box_tokens
        if isinstance(trajectory_fusion, dict) and trajectory_fusion.get('encoding'):
            encoding = build_part(trajectory_fusion['encoding'], tokens=tokens)
            trajectory_fusion = {**trajectory_fusion, 'encoding': encoding}
        self.trajectory_fusion = build_part(trajectory_fusion)
        self.video_fusion = build_part(video_fusion)
        self.cross_track_attention = build_part(cross_track_attention, pool=tokens)
        self.bigram_head = build_part(bigram_head, tokens=tokens)
        self.interaction = build_part(interaction)
        require_slot_interface('interaction', self.interaction)
        self.interaction_tokens: InteractionTokens | None = None
        if interaction_tokens is not None:
            self.interaction_tokens = build_part(
                interaction_tokens,
                tokens=tokens + (bigram_head is not None),  # its token comes first
                num_verbs=len(self.interaction.vocabulary),
            )
        self.max_boxes = max_boxes
        self.all_pairs = all_pairs

    def _tokens(
        self,
        features: FeatureMaps | None,
        frames: Sequence[Frame],
        rows: list[int],
        tracks: Sequence[Tracks],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (R, K, d) of all tracks' rows, and boxes (R, 4) as fractions.

        Args:
            features: Of the frames.
            frames: The frames.
            rows: (R,) which frame each row of the tracks is in.
            tracks: Those of the frames taken in, in their order.
        """
        boxes = np.concatenate([reported.boxes for reported in tracks])
        if self.roi is not None:
            return self._pooled(features, rows, boxes)
        track_features = [reported.features for reported in tracks if len(reported)]
        if any(tokens is None for tokens in track_features):
            raise TypeError(NO_TRACK_FEATURES)
        tokens = torch.cat([torch.as_tensor(tokens) for tokens in track_features])
        return tokens, frame_relative_boxes(frames, rows, boxes, tokens.device)

    def _pooled(
        self,
        features: FeatureMaps | None,
        rows: Sequence[int] | np.ndarray,
        boxes: np.ndarray,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (R, K, d), and boxes (R, 4) as fractions of their image."""
        if features is None:
            raise TypeError('TrajectorySemantics: roi needs feature maps')
        frame_rows = torch.as_tensor(rows, dtype=torch.int64)
        box_tensor = torch.as_tensor(boxes, dtype=torch.float64).reshape(-1, 4)
        tokens = self.roi(features, frame_rows, box_tensor)
        fractions = box_tensor / features.sizes[frame_rows].repeat(1, 2)
        return tokens, fractions.to(tokens.device, torch.float32)

    def _fuse_clips(
        self, clips: ClipTable, tokens: torch.Tensor, boxes: torch.Tensor
    ) -> FusedTracks:
        """The fused trajectories of clips, of which there are some."""
        device = tokens.device
        tracks = TrajectoryTokens.grouped(
            torch.tensor(clips.track, device=device),
            tokens,
            torch.tensor(clips.times, device=device, dtype=torch.float64),
            boxes,
            clips.num_tracks,
            self.max_boxes,
        )
        return self._fuse(tracks, [clip for clip, _ in clips.names])

    def _fuse(
        self,
        tracks: TrajectoryTokens,
        videos: list[int],
        is_read: torch.Tensor | None = None,
    ) -> FusedTracks:
        """M fused tracks.

        Args:
            tracks: M tracks.
            videos: The video of each.
            is_read: (M, M) bool, the pairs whose logits are read, symmetric; ``None``:
                all, of those that share a frame or of ``all_pairs``.
        """
        video = torch.tensor(videos, device=tracks.tokens.device)
        co_occur = tracks.co_occurrence_mask(video)
        fused, mask = self._attend(tracks, co_occur)
        is_pair = co_occur
        if self.all_pairs:
            is_pair = (video[:, None] == video).fill_diagonal_(False)
        if is_read is not None:
            is_pair = is_pair & is_read.to(is_pair.device)
        pairs, logits = is_pair.nonzero(), None
        if self.interaction is not None:
            logits = self.interaction(fused, mask, pairs)
        bigram_logits = None
        if self.bigram_head is not None:
            bigram_logits = self.bigram_head(tracks)
            fused, mask = self.bigram_head.prepend(bigram_logits, fused, mask)
        return FusedTracks(
            fused, mask, pairs, logits, bigram_logits, self.interaction_tokens
        )

    def _attend(
        self, tracks: TrajectoryTokens, co_occur: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """T~ (M, L, d) and its mask (M, L).

        Args:
            tracks: M tracks.
            co_occur: (M, M) bool, the tracks that each may attend to.
        """
        fused, mask = fuse_checked_slot(self.trajectory_fusion, tracks)
        if self.cross_track_attention is not None:
            fused = self.cross_track_attention(fused, mask, co_occur)
        return fused, mask

    def _verb_scores(self, pairs: TrajectoryTokens) -> torch.Tensor:
        """(P, verbs) of 2 P trajectories: subject, object, subject, object, ..."""
        rows = torch.arange(len(pairs), device=pairs.tokens.device)
        fused, mask = self._attend(pairs, rows[:, None] == rows ^ 1)
        return self.interaction(fused, mask, rows.reshape(-1, 2)).sigmoid()


def frame_relative_boxes(
    frames: Sequence[Frame],
    rows: Sequence[int] | np.ndarray,
    boxes: np.ndarray,
    device: torch.device,
) -> torch.Tensor:
    """(R, 4) float32 boxes as fractions of the sizes of their frames."""
    # A frame without boxes may have no size, or decode its image to tell it.
    frame_rows, index = np.unique(np.asarray(rows, np.int64), return_inverse=True)
    sizes = np.array([frames[row].size for row in frame_rows], float).reshape(-1, 2)
    return torch.from_numpy(boxes / np.tile(sizes[index], 2)).to(device, torch.float32)
