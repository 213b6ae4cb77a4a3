"""Where a referring tracker lets its text in."""

from __future__ import annotations

from torch import nn

from mmsmot.structures import Prompt

from .deformable_decoding import Memory
from .queries import Outputs, Queries


class TextHook(nn.Module):
    """The three places at which a text may act on a frame; each is the identity here.

    ::

        frames -> encode -> memory -> queries -> decode -> outputs -> lifecycle
                              |          |                    |
                           on_memory  on_queries          on_outputs

    A referring tracker (TransRMOT, MLS-Track) overrides what its paper has. With a hook
    every prompt has queries of its own; all share the encoder's pass up to ``on_memory``.
    """

    def on_memory(self, memory: Memory, prompt: Prompt) -> Memory:
        """The memory of one or more frames, with the text fused in."""
        return memory

    def on_queries(self, queries: Queries, prompt: Prompt) -> Queries:
        """The queries of a frame, new and track ones, before the decoder."""
        return queries

    def on_outputs(self, outputs: Outputs, prompt: Prompt) -> Outputs:
        """What the decoder made of them; ``logits`` may be lowered for who is not meant."""
        return outputs
