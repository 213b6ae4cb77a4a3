"""How fast trajectories are captioned: batched and cached against one by one.

The paper's sizes on random features: VFM, TFM, both text decoders and the interaction
head, on N = 100 frames and M = 10 trajectories, captions of 40 tokens. The peer is the
same modules with the same weights, run as SMOTer's release runs them: a trajectory at a
time, the decoder without a key/value cache, each pair of trajectories by itself from its
self-attentions on. Both say the same; the last line is the ratio, and the exit code says
whether the goal (10) holds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from itertools import permutations

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import torch
    from torch import nn

    from mmsmot.models.fusion import AttentionCell, ConcatTrajectoryFusion, VideoFusion
    from mmsmot.models.fusion.masked_pooling import masked_adaptive_pool
    from mmsmot.models.heads import (
        InstanceCaptionHead,
        InteractionHead,
        VideoCaptionHead,
    )
    from mmsmot.models.language import CaptionTokenizer, TextDecoder
    from mmsmot.models.trajectory import TrajectoryTokens

GOAL = 10.0
DECODER = dict(
    model_type='bert',
    hidden_size=768,
    num_hidden_layers=6,
    num_attention_heads=12,
    intermediate_size=3072,
    max_position_embeddings=1024,
)


class SemanticModules(nn.Module):
    """The paper's second half, as it is configured in ``_base_/semantics/smoter.py``."""

    def __init__(self, num_tokens: int) -> None:
        super().__init__()
        tokenizer = CaptionTokenizer(vocab_size=30522)
        tokenizer.eos_id = 30521  # a word that is never said: all captions are full
        decoder = TextDecoder(
            tokenizer=tokenizer, config=DECODER, max_length=num_tokens + 1
        )
        self.video_fusion = VideoFusion(cell=AttentionCell(), in_channels=256)
        self.trajectory_fusion = ConcatTrajectoryFusion()
        self.instance_caption = InstanceCaptionHead(decoder)
        self.video_caption = VideoCaptionHead(decoder=decoder)
        self.interaction = InteractionHead()


def make_input(
    num_frames: int, num_tracks: int
) -> tuple[torch.Tensor, TrajectoryTokens]:
    """Frame tokens (N, 1, 256, 256) and trajectory tokens of M trajectories."""
    frames = torch.randn(num_frames, 1, 256, 256)
    tracks = TrajectoryTokens(
        tokens=torch.randn(num_tracks, num_frames, 4, 256),
        times=torch.arange(num_frames).expand(num_tracks, -1) / 25,
        boxes=torch.rand(num_tracks, num_frames, 4),
        mask=torch.ones(num_tracks, num_frames, dtype=bool),
    )
    return frames, tracks


class StageWatch:
    """Seconds by stage: of the clock, and of all processor cores together."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.work = 0.0

    def __call__(self, name: str, work: Callable):
        begin, worked = time.perf_counter(), time.process_time()
        result = work()
        elapsed = time.perf_counter() - begin
        self.seconds[name] = self.seconds.get(name, 0.0) + elapsed
        self.work += time.process_time() - worked
        return result


def run_batched(m: SemanticModules, frames, tracks, watch: StageWatch):
    """As the pipeline runs them."""
    video = watch('video fusion', lambda: m.video_fusion(frames).fused[0])
    fused, mask = watch('trajectory fusion', lambda: m.trajectory_fusion(tracks))
    prefix = watch('video prefix', lambda: m.video_caption.prefix(video, fused, mask))
    decoder = m.instance_caption.decoder
    captions = watch(
        'instance captions',
        lambda: decoder._generate(m.instance_caption.project(fused), mask),
    )
    video_caption = watch(
        'video caption',
        lambda: decoder._generate(prefix[None], torch.ones(1, len(prefix), dtype=bool)),
    )
    pairs = (~torch.eye(len(tracks), dtype=bool)).nonzero()
    logits = watch('interactions', lambda: m.interaction(fused, mask, pairs))
    return captions, video_caption, logits


def run_one_by_one(m: SemanticModules, frames, tracks, watch: StageWatch):
    """As the release runs them."""
    attend = m.video_fusion.cell.attention
    state = frames[0]

    def fuse_frames():
        nonlocal state
        for frame in frames[1:]:
            state = attend(state, frame)

    watch('video fusion', fuse_frames)
    fused = []
    for j in range(len(tracks)):
        alone = TrajectoryTokens(
            tracks.tokens[j : j + 1],
            tracks.times[j : j + 1],
            tracks.boxes[j : j + 1],
            tracks.mask[j : j + 1],
        )
        track = watch(
            'trajectory fusion', lambda alone=alone: m.trajectory_fusion(alone)
        )
        fused.append(track[0])
    full_mask = torch.ones(1, fused[0].shape[1], dtype=bool)
    head = m.video_caption

    def inject():
        video = state
        for track in fused:
            video = head.attention(video, track)
        return head.project(video)

    prefix = watch('video prefix', inject)
    captions = [
        watch(
            'instance captions',
            lambda track=track: generate_uncached(
                m, m.instance_caption.project(track), full_mask
            ),
        )
        for track in fused
    ]
    prefix_mask = torch.ones(1, prefix.shape[1], dtype=bool)
    video_caption = watch(
        'video caption', lambda: generate_uncached(m, prefix, prefix_mask)
    )
    logits = [
        watch('interactions', lambda j=j, k=k: score_one_pair(m, fused[j], fused[k]))
        for j, k in permutations(range(len(tracks)), 2)
    ]
    return torch.cat(captions), video_caption, torch.cat(logits)


def score_one_pair(
    m: SemanticModules, subject_tokens: torch.Tensor, object_tokens: torch.Tensor
) -> torch.Tensor:
    """A pair's scores, from the two self-attentions that it needs on."""
    head = m.interaction
    mask = torch.ones(subject_tokens.shape[:2], dtype=bool)
    subjects = head.subject_attention(subject_tokens, mask)
    objects = head.object_attention(object_tokens, mask)
    joined = head.attention(subjects, objects, mask)
    pooled = masked_adaptive_pool(joined, mask, head.pooled_tokens)
    return head.mlp(pooled.flatten(1))


def generate_uncached(
    m: SemanticModules, prefix: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Greedy decoding without a cache: every token computes all before it anew."""
    decoder = m.instance_caption.decoder
    ids = torch.full((1, 1), decoder.tokenizer.bos_id)
    for _ in range(decoder.max_length - 1):
        scores = decoder.logits(prefix, mask, ids)[:, -1]
        scores = scores.scatter(1, ids[:, -1:], float('-inf'))
        ids = torch.cat([ids, scores.argmax(1, keepdim=True)], dim=1)
    return ids[:, 1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--frames', type=int, default=100)
    parser.add_argument('--tracks', type=int, default=10)
    parser.add_argument('--tokens', type=int, default=40)
    parser.add_argument('--threads', type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    modules = SemanticModules(args.tokens).eval()
    inputs = make_input(args.frames, args.tracks)
    batched_watch, reference = StageWatch(), StageWatch()
    with torch.no_grad():
        run_batched(modules, *make_input(2, 2), StageWatch())  # wakes torch up
        outputs = run_batched(modules, *inputs, batched_watch)
        expected = run_one_by_one(modules, *inputs, reference)
    equal_ids = (
        (outputs[0] == expected[0]).float().mean(),
        (outputs[1] == expected[1]).all(),
    )
    torch.testing.assert_close(outputs[2], expected[2], atol=1e-3, rtol=1e-3)
    print(f'{"seconds":20}{"batched":>10}{"one by one":>12}{"ratio":>8}')
    for name, seconds in batched_watch.seconds.items():
        peer_seconds = reference.seconds[name]
        print(
            f'{name:20}{seconds:10.2f}{peer_seconds:12.2f}{peer_seconds / seconds:8.1f}'
        )
    total, peer_total = (
        sum(batched_watch.seconds.values()),
        sum(reference.seconds.values()),
    )
    print(f'{"all":20}{total:10.2f}{peer_total:12.2f}{peer_total / total:8.1f}')
    print(
        f'{"of processor time":20}{batched_watch.work:10.2f}{reference.work:12.2f}'
        f'{reference.work / batched_watch.work:8.1f}  (others on the machine change it less)'
    )
    print(
        f'tokens equal: {float(equal_ids[0]):.1%} of captions, video {bool(equal_ids[1])}'
    )
    holds = peer_total / total >= GOAL
    print(
        f'ratio {peer_total / total:.1f} (goal {GOAL:g}: {"holds" if holds else "missed"})'
    )
    sys.exit(not holds)


if __name__ == '__main__':
    run_tool(main)
