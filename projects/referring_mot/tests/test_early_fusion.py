"""Early fusion against its formulas, written out number by number."""

from __future__ import annotations

import math

import numpy as np
import torch

from projects.referring_mot.models.early_fusion import EarlyFusion, word_positions
from projects.referring_mot.models.text_encoders.base import TextFeatures

CHANNELS, TEXT_CHANNELS, HEADS = 8, 6, 2


def text_features(lengths: list[int], channels: int = TEXT_CHANNELS) -> TextFeatures:
    torch.manual_seed(1)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    words = torch.randn(len(lengths), max(lengths), channels)
    return TextFeatures(words, mask, torch.randn(len(lengths), channels))


def fusion() -> EarlyFusion:
    torch.manual_seed(0)
    part = EarlyFusion(
        channels=CHANNELS, text_channels=TEXT_CHANNELS, num_heads=HEADS
    ).eval()
    for weight in part.parameters():  # biases and norms too
        torch.nn.init.normal_(weight, std=0.5)
    return part


def attention(
    weights: dict[str, np.ndarray],
    name: str,
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    num_heads: int = HEADS,
) -> np.ndarray:
    """(Q, d) of multi-head attention, head by head."""
    parts = np.split(weights[f'{name}.in_proj_weight'], 3)
    biases = np.split(weights[f'{name}.in_proj_bias'], 3)
    q, k, v = (
        x @ w.T + b for x, w, b in zip((query, key, value), parts, biases, strict=True)
    )
    width, heads = q.shape[1] // num_heads, []
    for head in range(num_heads):
        part = slice(head * width, (head + 1) * width)
        exponents = np.exp(q[:, part] @ k[:, part].T / math.sqrt(width))
        heads.append(exponents / exponents.sum(1, keepdims=True) @ v[:, part])
    out = np.concatenate(heads, 1)
    return out @ weights[f'{name}.out_proj.weight'].T + weights[f'{name}.out_proj.bias']


def layer_norm(x: np.ndarray, weights: dict, name: str, eps: float) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt(x.var(-1, keepdims=True) + eps)
    return scaled * weights[f'{name}.weight'] + weights[f'{name}.bias']


def numbers(module: torch.nn.Module) -> dict[str, np.ndarray]:
    return {k: v.double().numpy() for k, v in module.state_dict().items()}


@torch.no_grad()
def test_the_levels_are_those_of_the_formula() -> None:
    """Wu et al.: level + MHA(level, words + position, words), a sentence of 3 words of 5."""
    part, text = fusion(), text_features([3, 5])
    levels = torch.randn(2, CHANNELS, 2, 3), torch.randn(2, CHANNELS, 1, 2)
    fused = part(levels, text)
    weights = numbers(part)
    for row, count in enumerate((3, 5)):
        words = text.words[row, :count].double().numpy()
        linear = words @ weights['projection.0.weight'].T + weights['projection.0.bias']
        values = layer_norm(linear, weights, 'projection.1', 1e-12)
        positions = np.empty((count, CHANNELS))
        for place in range(count):
            angle = 2 * math.pi * (place + 1) / (count + 1e-6)
            for i in range(CHANNELS):
                wave = angle / 10000 ** (2 * (i // 2) / CHANNELS)
                positions[place, i] = math.cos(wave) if i % 2 else math.sin(wave)
        for level, fused_level in zip(levels, fused, strict=True):
            cells = level[row].flatten(1).T.double().numpy()
            read = attention(weights, 'attention', cells, values + positions, values)
            np.testing.assert_allclose(
                fused_level[row].flatten(1).T.numpy(), cells + read, atol=1e-5
            )


def test_places_go_from_one_nth_to_one() -> None:
    mask = torch.tensor([[True, True, False], [True, True, True]])
    positions = word_positions(mask, 4)
    last = torch.tensor([0.0, 1.0, math.sin(0.02 * math.pi), math.cos(0.02 * math.pi)])
    torch.testing.assert_close(positions[0, 1], last, atol=1e-4, rtol=0)
    torch.testing.assert_close(positions[1, 2], last, atol=1e-4, rtol=0)
    torch.testing.assert_close(positions[0, 0, 0], torch.tensor(0.0), atol=1e-4, rtol=0)


def test_frames_take_the_texts_in_turns() -> None:
    """Four frames of two clips, time first: texts 0, 1, 0, 1."""
    text = text_features([2, 3])
    frames = text.cycled(4)
    assert len(frames) == 4 and text.cycled(2) is text
    for name in ('words', 'mask', 'sentences'):
        column, cycled = getattr(text, name), getattr(frames, name)
        torch.testing.assert_close(cycled[2:], column)
        torch.testing.assert_close(cycled[:2], column)
