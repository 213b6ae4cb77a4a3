"""AFLink's network: mmdet's with the same weights, and whose checkpoints it takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from mmsmot.models.post_processing.link_network import (
    LinkNetwork,
    read_link_network,
    save_link_network,
)


def shaken(width: int = 256) -> LinkNetwork:
    """A network whose normalisations do something."""
    torch.manual_seed(width)
    network = LinkNetwork(width).train()
    for _ in range(3):
        network(torch.randn(16, 30, 3) * 2 + 1, torch.randn(16, 30, 3) - 1)
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.uniform_(part.bias, -0.5, 0.5)
    return network.eval()


def test_equal_to_mmdets_with_equal_weights() -> None:
    pytest.importorskip('mmdet', reason='needs mmdet')
    from mmsmot.utils.mmdet_bridge import import_mmdet

    import_mmdet()
    from mmdet.models.task_modules.tracking.aflink import AFLinkModel

    ours, peer = shaken(), AFLinkModel().eval()
    former, later = torch.randn(5, 30, 3), torch.randn(5, 30, 3)
    with torch.no_grad():
        # Untrained, it would answer all pairs alike: move the answers apart.
        spread = ours(former, later).diff(dim=1)
        ours.classifier.fc2.weight /= spread.std()
        ours.classifier.fc2.bias -= ours(former, later).mean(dim=0)
        peer.load_state_dict(ours.state_dict())  # strict: the names are the same
        found = ours(former, later).softmax(dim=1)[:, 1]
        # mmdet's answers for one pair at a time
        expected = torch.stack(
            [
                peer(a[None, None], b[None, None])
                for a, b in zip(former, later, strict=True)
            ]
        )
    # Moving the answers apart moved their rounding apart too.
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert expected.std() > 0.05


@pytest.mark.parametrize('width', [16, 256])
@pytest.mark.parametrize('kind', ['.pth', 'wrapped.pth', '.safetensors'])
def test_a_checkpoint_tells_its_width(width: int, kind: str, tmp_path: Path) -> None:
    network, path = shaken(width), tmp_path / f'link{kind}'
    state = network.state_dict()
    if kind == '.safetensors':
        pytest.importorskip('safetensors.torch', reason='no safetensors').save_file(
            state, path
        )
    else:
        torch.save({'state_dict': state} if 'wrapped' in kind else state, path)
    read = read_link_network(path)
    assert not read.training and read.fill == 'zeros'
    pair = torch.randn(2, 30, 3), torch.randn(2, 30, 3)
    with torch.no_grad():
        torch.testing.assert_close(read(*pair), network(*pair), rtol=0, atol=0)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    pytest.importorskip('safetensors', reason='no safetensors')
    network = LinkNetwork(16, fill='edge')
    save_link_network(network, tmp_path / 'link.safetensors')
    read = read_link_network(tmp_path / 'link.safetensors')
    assert read.fill == 'edge'
    for name, value in network.state_dict().items():
        torch.testing.assert_close(read.state_dict()[name], value, rtol=0, atol=0)


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def test_a_malicious_pickle_does_not_run(tmp_path: Path) -> None:
    path, mark = tmp_path / 'AFLink_epoch20.pth', tmp_path / 'ran'
    torch.save({**LinkNetwork(8).state_dict(), 'classifier.fc3': Evil(mark)}, path)
    with pytest.raises(ValueError, match=r'it wants posix\.system'):
        read_link_network(path)
    assert not mark.exists()


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'other.pth'
    torch.save(torch.nn.Linear(2, 2).state_dict(), path)
    with pytest.raises(ValueError, match=r'other\.pth belongs to another config'):
        read_link_network(path)
    broken = LinkNetwork(16).state_dict()
    broken['classifier.fc2.weight'] = torch.zeros(3, 8)
    torch.save(broken, path)
    with pytest.raises(ValueError, match=r'fc2\.weight \(3, 8\) instead of \(2, 8\)'):
        read_link_network(path)
    with pytest.raises(ValueError, match='multiple of 8, got 12'):
        LinkNetwork(12)
