"""Where a referring tracker lets its text in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from mmsmot.structures import Frame, Prompt, SMOTDataSample

from .queries import FrameTargets, Outputs, Queries


class TextHook(nn.Module):
    """The places at which a text may act on a frame; each changes nothing here.

    ::

        prompts -> begin -> text, once a video or clip
                             |-------------+--------------------------+
        backbone, neck -> on_levels -> encoder -> memory              |
                                                     |                |
        new, track and noisy queries -> on_queries -> decoder -> outputs -> refer_scores
                                                                    |         |
                                                                    |     reported tracks
                                                  loss, with the assigner's index

    A referring tracker (TransRMOT, MLS-Track) overrides what its paper has: detection and
    tracking learn from all objects, the text enters one more loss, and a track that is not
    referred to lives on without being reported. Every prompt has tracks of its own. The
    prompts of a video share backbone and neck; what comes with ``on_levels`` and after it
    runs for each of them, in batches (``prompt_batch`` of the tracker). Where neither
    ``on_levels`` nor ``on_queries`` lets the text in, all prompts share one run and its
    tracks.

    What is given has S texts and B rows, a multiple of S: row r is of text ``r % S``. At
    test the texts are those of a batch of prompts, in training those of the S clips; the
    levels are of all their frames, time first.

    Attributes:
        fuses_levels: Whether ``on_levels`` lets the text in: memory is each text's own then,
            and ``on_levels`` is called only then.
        guides_queries: Whether ``on_queries`` does; it is called only then.
        refer_threshold: Tracks whose referring score is below it are not reported;
            ``None``: all are.
    """

    fuses_levels: bool = True
    guides_queries: bool = True
    refer_threshold: float | None = None

    def begin(self, prompts: Sequence[Prompt | None]) -> Any:
        """What the other methods read of S prompts, ``None`` where every object is asked for.

        Raises:
            ValueError: A prompt has no text.
        """
        return prompts

    def begin_clips(self, samples: Sequence[SMOTDataSample]) -> Any:
        """The same for S clips of training; here of their prompts alone."""
        return self.begin([sample.get('prompt') for sample in samples])

    def on_levels(self, levels: tuple[Tensor, ...], text: Any) -> tuple[Tensor, ...]:
        """The neck's maps (B, d, H_l, W_l), with the text fused in, for the encoder."""
        return levels

    def on_queries(
        self, queries: Queries, text: Any, attn_mask: Tensor | None = None
    ) -> Queries:
        """The queries of B frames as the decoder gets them.

        They are the decoder's alone: the next frame's are made of those without the text.

        Args:
            queries: New and track ones, then noisy ones of a denoising.
            text: Of :meth:`begin`.
            attn_mask: (Q, Q) bool, ``attn_mask[i, j]``: row i must read nothing of row j.
        """
        return queries

    def refer_scores(self, outputs: Outputs, text: Any) -> Tensor | None:
        """(B, Q) from 0 to 1, how surely each query is meant; ``None``: nothing is said.

        They are the scores of the tracks that are reported. Where all S prompts share tracks
        the outputs have one row, and the scores S.
        """
        return None

    def loss(
        self,
        outputs: Outputs,
        queries: Queries,
        targets: FrameTargets,
        target_index: Tensor,
        frames: Sequence[Frame],
        samples: Sequence[SMOTDataSample],
        text: Any,
    ) -> dict[str, Tensor]:
        """Sums by name over the objects of one frame of S clips.

        They are divided as the other losses are. Names have ``loss_`` in them.

        Args:
            outputs: Of L layers.
            queries: Q a frame.
            targets: N a frame.
            target_index: (L, S, Q), the target of each query, -1 for none.
            frames: The frames.
            samples: The clips', with ``prompt`` and the ground truth.
            text: Of :meth:`begin_clips`.
        """
        return {}
