from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from mmsmot.models.heads import InstanceCaptionHead, VideoCaptionHead
from mmsmot.models.language import TextDecoder
from tests.models.language.test_text_decoder import decoder
from tests.models.language.test_tokenizer import TEXTS, TRAINED


def video_head(injection: str) -> VideoCaptionHead:
    torch.manual_seed(0)
    return VideoCaptionHead(
        decoder=decoder(), channels=16, injection=injection, num_heads=4
    ).eval()


def tokens() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    mask = torch.arange(8) < torch.tensor([[8], [4], [6]])
    return torch.randn(12, 16), torch.randn(3, 8, 16), mask


def test_instances_in_one_batch_equal_one_by_one() -> None:
    torch.manual_seed(0)
    head = InstanceCaptionHead(decoder(), 16).eval()
    _, fused, mask = tokens()
    together = head.predict(fused, mask)
    alone = [head.predict(fused[i : i + 1], mask[i : i + 1])[0] for i in range(3)]
    assert together == alone


def test_the_instance_loss_is_eq_4() -> None:
    """The decoder's loss behind Linear and LayerNorm, written out."""
    torch.manual_seed(0)
    head = InstanceCaptionHead(decoder(), 16).eval()
    nn.init.normal_(head.project[1].weight)
    nn.init.normal_(head.project[1].bias)
    _, fused, mask = tokens()
    texts = [*TEXTS[:2], 'A']
    linear, norm = head.project
    prefix = fused @ linear.weight.T + linear.bias
    prefix = prefix - prefix.mean(-1, keepdim=True)
    prefix = prefix / (prefix.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    prefix = prefix * norm.weight + norm.bias
    expected, words = head.decoder.loss(prefix, mask, texts)
    total, count = head.loss(fused, mask, texts)
    torch.testing.assert_close(total, expected)
    assert count == words == int((TRAINED.encode(texts, 12)[:, 1:] != 0).sum())
    other, _ = head.loss(fused.flip(0), mask.flip(0), texts)
    assert abs(float(other - total)) > 1e-2  # whose caption is whose


def test_sequential_injection_is_eq_3() -> None:
    head = video_head('sequential')
    video, fused, mask = tokens()
    state = video[None]
    for j in range(3):
        state = head.attention(state, fused[j : j + 1, : int(mask[j].sum())])
    expected = head.project(state[0])
    torch.testing.assert_close(head.prefix(video, fused, mask), expected)


def test_joint_injection_does_not_depend_on_the_order_of_ids() -> None:
    video, fused, mask = tokens()
    order = [2, 0, 1]
    head = video_head('joint')
    torch.testing.assert_close(
        head.prefix(video, fused[order], mask[order]), head.prefix(video, fused, mask)
    )
    head = video_head('sequential')
    other = head.prefix(video, fused[order], mask[order])
    assert (other - head.prefix(video, fused, mask)).abs().max() > 1e-3


@pytest.mark.parametrize('injection', ['joint', 'sequential'])
def test_a_video_without_people_still_gets_a_caption(injection: str) -> None:
    head = video_head(injection)
    video, _, _ = tokens()
    prefix = head.prefix(video)
    torch.testing.assert_close(prefix, head.project(video))
    assert isinstance(head.predict(prefix), str)


def test_people_follow_the_video_and_a_batch_equals_its_videos() -> None:
    head = video_head('joint')
    video, fused, mask = tokens()
    people = torch.randn(6, 16)
    told = head.prefix(video, fused, mask, people)
    plain = head.prefix(video, fused, mask)
    torch.testing.assert_close(told[:12], plain)
    torch.testing.assert_close(told[12:], head.project(people))
    together = head.loss([told, plain], TEXTS[:2])
    alone = [
        head.loss([one], [text]) for one, text in ((told, TEXTS[0]), (plain, TEXTS[1]))
    ]
    torch.testing.assert_close(together[0], alone[0][0] + alone[1][0])
    assert together[1] == alone[0][1] + alone[1][1]


def test_unknown_injection() -> None:
    with pytest.raises(ValueError, match="one of 'sequential', 'joint'"):
        video_head('random')


def test_a_head_starts_from_a_checkpoints_captions(tmp_path: Path) -> None:
    source = InstanceCaptionHead(decoder(), 16)
    weights = {
        f'semantics.instance_caption.{k}': w for k, w in source.state_dict().items()
    }
    weights |= {'semantics.roi.weight': torch.zeros(1)}
    torch.save({'state_dict': weights}, tmp_path / 'start.pth')
    start = dict(type='Pretrained', checkpoint=str(tmp_path / 'start.pth'))
    heads = (
        InstanceCaptionHead(other_decoder(), 16, init_cfg=start),
        VideoCaptionHead(
            decoder=other_decoder(), channels=16, num_heads=4, init_cfg=start
        ),
    )
    for head in heads:
        for part in ('decoder', 'project'):
            expected = getattr(source, part).state_dict()
            for name, weight in getattr(head, part).state_dict().items():
                assert torch.equal(weight, expected[name]), name
    with pytest.raises(ValueError, match='belongs to another config'):
        InstanceCaptionHead(decoder('gpt2'), 16, init_cfg=start)
    with pytest.raises(ValueError, match="init_cfg must be dict.type='Pretrained'"):
        InstanceCaptionHead(decoder(), 16, init_cfg=dict(type='Xavier'))


def other_decoder() -> TextDecoder:
    part = decoder()
    with torch.no_grad():
        for weight in part.parameters():
            weight += 1
    return part
