"""The interaction branch: what the target does in each frame, with whom or what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, require_numbers
from projects.semtracker.datasets.interaction_classes import (
    OBJECTS,
    VERBS,
    read_classes,
)

ROLES = ('subject', 'object')  # what the target is
GEOMETRY = 9  # numbers of a box, see box_geometry
PLACE = 4  # the first of them: where it is and how large; the others tell of its motion


@dataclass(frozen=True, eq=False)
class InteractionLogits:
    """What the branch says of N targets in T frames.

    Attributes:
        verbs: (N, T, 2, V + 1), role by role of :data:`ROLES`; class 0 is no interaction.
        partners: (N, T, 2, C), the class of the other side, where there is one.
    """

    verbs: torch.Tensor
    partners: torch.Tensor


class MathNorm(nn.LayerNorm):
    """LayerNorm in plain operations.

    The second derivative of torch's own is wrong inside ``vmap(grad(...))`` (2.13): it
    takes the saved mean and deviation for constants. Finite differences show it; see the
    tests.
    """

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Of tokens (..., d)."""
        centred = tokens - tokens.mean(dim=-1, keepdim=True)
        variance = (centred * centred).mean(dim=-1, keepdim=True)
        return centred * (variance + self.eps).rsqrt() * self.weight + self.bias


class MathAttention(nn.Module):
    """Multi-head attention in plain products, which has second derivatives everywhere.

    The fused kernels of ``scaled_dot_product_attention`` have none on a CPU.

    Args:
        channels: d.
        heads: Attention heads.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(channels, channels)
        self.value = nn.Linear(channels, channels)
        self.out = nn.Linear(channels, channels)

    def forward(
        self,
        queries: torch.Tensor,
        memory: torch.Tensor,
        bias: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """(N, Q, d) of queries (N, Q, d) over memory (N, M, d).

        Args:
            queries: What asks.
            memory: What is asked.
            bias: (heads, Q, M), or (N, heads, Q, M), added to the logits; -inf masks.
        """
        query, key, value = (
            layer(part).unflatten(-1, (self.heads, -1)).transpose(-2, -3)
            for layer, part in (
                (self.query, queries),
                (self.key, memory),
                (self.value, memory),
            )
        )
        logits = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if bias is not None:
            logits = logits + bias
        mixed = logits.softmax(dim=-1) @ value
        return self.out(mixed.transpose(-2, -3).flatten(-2))


class FrameEncoder(nn.Module):
    """One vector a frame: a query from target and geometry reads the frame's tokens.

    Args:
        counts: Tokens of the target, around it, and of the scene.
        token_channels: Of the shared features.
        channels: d.
        heads: Attention heads.
        layers: How many times the query reads.
        use_context: Read the tokens around and of the scene too.
        use_motion: Read how the box moves; ``False`` sees its place and size alone.
    """

    def __init__(
        self,
        *,
        counts: Sequence[int],
        token_channels: int,
        channels: int,
        heads: int,
        layers: int,
        use_context: bool,
        use_motion: bool,
    ) -> None:
        super().__init__()
        self.use_motion = use_motion
        self.num_tokens = sum(counts) if use_context else counts[0]
        self.num_target = counts[0]
        self.place = nn.Parameter(torch.randn(self.num_tokens, channels) / 50)
        self.project = nn.Linear(token_channels, channels)
        self.target = nn.Linear(counts[0] * token_channels, channels)
        self.geometry = nn.Sequential(
            nn.Linear(GEOMETRY, channels), nn.GELU(), nn.Linear(channels, channels)
        )
        self.norm = nn.LayerNorm(channels)
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                dict(
                    norm=nn.LayerNorm(channels),
                    attention=MathAttention(channels, heads),
                    mlp=_mlp(channels),
                )
            )
            for _ in range(layers)
        )

    def forward(self, tokens: torch.Tensor, geometry: torch.Tensor) -> torch.Tensor:
        """(R, d) of tokens (R, K, token_channels) and geometry (R, :data:`GEOMETRY`)."""
        target = tokens[:, : self.num_target].flatten(1)
        if not self.use_motion:
            geometry = F.pad(geometry[:, :PLACE], (0, GEOMETRY - PLACE))
        query = (self.target(target) + self.geometry(geometry))[:, None]
        memory = self.norm(self.project(tokens[:, : self.num_tokens]) + self.place)
        for layer in self.layers:
            query = query + layer['attention'](layer['norm'](query), memory)
            query = query + layer['mlp'](query)
        return query[:, 0]


class TemporalHead(nn.Module):
    """Causal attention over the last frames, then the logits: the part that is adapted.

    It has no batch norm and no dropout, and its attention has second derivatives.

    Args:
        channels: d.
        heads: Attention heads.
        layers: How many.
        window: Frames that a frame attends to, itself included.
        num_verbs: V.
        num_partners: C.
    """

    def __init__(
        self,
        *,
        channels: int,
        heads: int,
        layers: int,
        window: int,
        num_verbs: int,
        num_partners: int,
    ) -> None:
        super().__init__()
        self.window = window
        self.num_verbs, self.num_partners = num_verbs, num_partners
        self.age = nn.Parameter(torch.zeros(heads, window))
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                dict(
                    norm=MathNorm(channels),
                    attention=MathAttention(channels, heads),
                    mlp=_mlp(channels),
                )
            )
            for _ in range(layers)
        )
        self.norm = MathNorm(channels)
        self.classify = nn.Linear(channels, 2 * (1 + num_verbs + num_partners))

    def forward(
        self, frames: torch.Tensor, past: Sequence[torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Logits of T more frames.

        Args:
            frames: (N, T, d) of :class:`FrameEncoder`.
            past: Of the call before: (N, up to window - 1, d) for each layer.

        Returns:
            (N, T, 2, 1 + V + C), and the past for the next call.
        """
        new_past = []
        for number, layer in enumerate(self.layers):
            normed = layer['norm'](frames)
            past_frames = normed[:, :0] if past is None else past[number]
            memory = torch.cat([past_frames, normed], dim=1)
            new_past.append(memory[:, max(memory.shape[1] - self.window + 1, 0) :])
            bias = self._bias(frames.shape[1], memory.shape[1])
            frames = frames + layer['attention'](normed, memory, bias)
            frames = frames + layer['mlp'](frames)
        logits = self.classify(self.norm(frames))
        return logits.unflatten(-1, (len(ROLES), -1)), new_past

    def _bias(self, count: int, total: int) -> torch.Tensor:
        """(heads, count, total): learnt by age; -inf for the future and the long past."""
        row_index = torch.arange(total - count, total, device=self.age.device)
        age = row_index[:, None] - torch.arange(total, device=self.age.device)
        hidden = (age < 0) | (age >= self.window)
        bias = self.age[:, age.clamp(0, self.window - 1)]
        return bias.masked_fill(hidden, -math.inf)


@MODELS.register_module()
class InteractionBranch(nn.Module):
    """Tokens and boxes of a target to its interactions, frame by frame and causal.

    ::

        tokens (R, K, c), boxes -> FrameEncoder -> (N, T, d) -> TemporalHead -> logits
                                                       |             |
                                            last window - 1 frames (streaming)

    Args:
        verbs: The V verbs.
        partners: The C classes of the other side.
        classes: A file of both in their place
            (:func:`~projects.semtracker.datasets.interaction_classes.read_classes`).
        counts: Tokens of the target, around it, and of the scene
            (:attr:`SceneContext.counts`).
        token_channels: Of the shared features.
        channels: d.
        heads: Attention heads.
        frame_layers: Layers of the frame encoder.
        temporal_layers: Layers of the temporal head.
        window: Frames that a frame attends to, itself included.
        use_context: Read the tokens around the target and of the scene; ``False`` sees
            the target alone.
        use_motion: Read how the target's box moves; ``False`` sees its place and size
            alone, as a classifier of single frames does.
    """

    def __init__(
        self,
        *,
        verbs: Sequence[str] = VERBS,
        partners: Sequence[str] = OBJECTS,
        classes: str | None = None,
        counts: Sequence[int] = (6, 49, 15),
        token_channels: int = 96,
        channels: int = 96,
        heads: int = 4,
        frame_layers: int = 2,
        temporal_layers: int = 2,
        window: int = 12,
        use_context: bool = True,
        use_motion: bool = True,
    ) -> None:
        super().__init__()
        require_numbers(
            'InteractionBranch',
            COUNT,
            channels=channels,
            heads=heads,
            frame_layers=frame_layers,
            temporal_layers=temporal_layers,
            window=window,
        )
        if classes is not None:
            verbs, partners = read_classes(classes)
        self.verbs, self.partners = tuple(verbs), tuple(partners)
        shape = dict(channels=channels, heads=heads)
        self.encoder = FrameEncoder(
            counts=counts,
            token_channels=token_channels,
            layers=frame_layers,
            use_context=use_context,
            use_motion=use_motion,
            **shape,
        )
        self.head = TemporalHead(
            layers=temporal_layers,
            window=window,
            num_verbs=len(self.verbs),
            num_partners=len(self.partners),
            **shape,
        )

    def split(self, logits: torch.Tensor) -> InteractionLogits:
        """The logits (N, T, 2, 1 + V + C) of :class:`TemporalHead`, by kind."""
        sizes = [1 + len(self.verbs), len(self.partners)]
        verbs, partners = logits.split(sizes, dim=-1)
        return InteractionLogits(verbs, partners)


def interaction_loss(
    logits: torch.Tensor,
    verbs: torch.Tensor,
    partners: torch.Tensor,
    mask: torch.Tensor,
    num_verbs: int,
) -> torch.Tensor:
    """Mean cross-entropy of verbs, and of partners where there is an interaction.

    Args:
        logits: (N, T, 2, 1 + V + C).
        verbs: (N, T, 2) int64, 0 for no interaction, -1 where it is not known.
        partners: (N, T, 2) int64, -1 where there is none or it is not known.
        mask: (N, T) bool: frames that count.
        num_verbs: V.
    """
    verb_logits, partner_logits = (
        logits[..., : 1 + num_verbs],
        logits[..., 1 + num_verbs :],
    )
    verb_mask = mask[..., None] & (verbs >= 0)
    # Plain products of log-softmax: what gather and nll_loss do not have everywhere is a
    # second derivative under vmap.
    verb_terms = _picked(verb_logits.log_softmax(-1), verbs.clamp(min=0)) * verb_mask
    partner_mask = verb_mask & (partners >= 0)
    partner_terms = (
        _picked(partner_logits.log_softmax(-1), partners.clamp(min=0)) * partner_mask
    )
    return -(
        verb_terms.sum() / verb_mask.sum().clamp(min=1)
        + partner_terms.sum() / partner_mask.sum().clamp(min=1)
    )


def box_geometry(
    boxes: torch.Tensor, sizes: torch.Tensor, seconds: torch.Tensor
) -> torch.Tensor:
    """Place, size and motion of a track's boxes, in the order of time.

    Args:
        boxes: (T, 4) in pixels.
        sizes: (T, 2) width and height of the frames.
        seconds: (T,) times.

    Returns:
        (T, 9) float32: centre and sides as fractions of the image; speed of the centre in
        box heights a second; growth of the two sides a second; the step in seconds. Motion
        is 0 in the first frame.
    """
    scale = sizes.repeat(1, 2)
    place = boxes / scale
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    extent = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1)
    step = seconds.diff(prepend=seconds[:1]).clamp(min=1e-3)
    height = extent[:, 1:]
    speed = centre.diff(dim=0, prepend=centre[:1]) / height / step[:, None]
    growth = extent.log().diff(dim=0, prepend=extent[:1].log()) / step[:, None]
    columns = [
        place,
        speed.clamp(-5, 5),
        growth.clamp(-5, 5),
        step[:, None].clamp(max=2),
    ]
    return torch.cat(columns, dim=1).float()


def _picked(values: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """``values[..., index]`` as a sum with a one-hot vector, which vmap can do."""
    classes = torch.arange(values.shape[-1], device=values.device)
    return (values * (index[..., None] == classes)).sum(dim=-1)


def _mlp(channels: int) -> nn.Sequential:
    return nn.Sequential(
        MathNorm(channels),
        nn.Linear(channels, 2 * channels),
        nn.GELU(),
        nn.Linear(2 * channels, channels),
    )
