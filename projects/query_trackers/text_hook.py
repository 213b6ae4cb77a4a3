"""Where a referring tracker lets its text in."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmsmot.structures import Frame, Prompt, SMOTDataSample

from .deformable_decoding import Memory
from .queries import FrameTargets, Outputs, Queries


class TextHook(nn.Module):
    """The places at which a text may act on B frames; each changes nothing here.

    ::

        frames -> encode -> memory -> queries -> decode -> outputs -> lifecycle -> tracks
                              |          |                    |                      |
                          on_memory  on_queries           on_outputs            is_referred
                                                              |
                                                  loss, with the assigner's index

    A referring tracker (TransRMOT, MLS-Track) overrides what its paper has: detection and
    tracking learn from all objects, the text enters one more loss. With a hook every
    prompt has queries of its own; all share the encoder's pass up to ``on_memory``.

    ``prompts`` has one for each of the B frames; in training those of the clips, ``None``
    where a sample has none.
    """

    def on_memory(self, memory: Memory, prompts: Sequence[Prompt | None]) -> Memory:
        """The memory, with the text fused in."""
        return memory

    def on_queries(self, queries: Queries, prompts: Sequence[Prompt | None]) -> Queries:
        """The queries, new and track ones, before the decoder."""
        return queries

    def on_outputs(self, outputs: Outputs, prompts: Sequence[Prompt | None]) -> Outputs:
        """What the decoder made of them."""
        return outputs

    def is_referred(
        self, outputs: Outputs, prompts: Sequence[Prompt | None]
    ) -> Tensor | None:
        """(B, Q) bool, the tracks to report of those that are followed; ``None`` for all."""
        return None

    def loss(
        self,
        outputs: Outputs,
        queries: Queries,
        targets: FrameTargets,
        target_index: Tensor,
        frames: Sequence[Frame],
        samples: Sequence[SMOTDataSample],
    ) -> dict[str, Tensor]:
        """Sums by name over the objects of one frame of B clips.

        They are divided as the other losses are. Names begin with ``loss_``.

        Args:
            outputs: Of L layers.
            queries: Q a frame.
            targets: N a frame.
            target_index: (L, B, Q), the target of each query, -1 for none.
            frames: The frames.
            samples: The clips', with ``prompt`` and the ground truth.
        """
        return {}
