"""The link network learns from simulated walks, and the same again by the same seed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmsmot.models.post_processing import AFLink
from mmsmot.models.post_processing.link_network import read_link_network

pytest.importorskip('safetensors', reason='no safetensors')
ROOT = Path(__file__).parents[2]
SMALL = [
    '--width',
    '8',
    '--batch-size',
    '64',
    '--validation-pairs',
    '200',
    '--learning-rate',
    '0.01',
]


def train(out: Path, *args: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(ROOT / 'tools/train_aflink.py')]
        + [*map(str, args), *SMALL, '--out', str(out)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )


def losses(done: subprocess.CompletedProcess) -> list[float]:
    return [float(x) for x in re.findall(r'validation\s+loss\s+([\d.]+)', done.stdout)]


def test_the_loss_falls_and_a_seed_repeats_it(tmp_path: Path) -> None:
    first = train(tmp_path / 'a.safetensors', '--steps', 40)
    before, after = losses(first)
    assert before > 0.6 and after < 0.85 * before, first.stdout + first.stderr
    again = train(tmp_path / 'b.safetensors', '--steps', 40)
    assert losses(again) == [before, after]
    a, b = (tmp_path / f'{name}.safetensors' for name in 'ab')
    assert a.read_bytes() == b.read_bytes()
    assert read_link_network(a).fill == 'edge'
    assert (
        AFLink(weights=a, min_probability=0.5)._network.classifier.fc1.in_features == 16
    )


def test_true_trajectories_are_read(test_data: Path, tmp_path: Path) -> None:
    out = tmp_path / 'tud.safetensors'
    done = train(out, test_data / 'data/tud', '--steps', 2, '--fill', 'zeros')
    assert len(losses(done)) == 2, done.stderr
    assert read_link_network(out).fill == 'zeros'


def test_arguments_out_of_range(tmp_path: Path) -> None:
    done = train(tmp_path / 'link.pth')
    assert '--out must end in .safetensors' in done.stderr
    done = train(tmp_path / 'link.safetensors', '--seed', 10**23)
    assert done.stderr.splitlines()[-1].endswith(
        f"--seed: expected a whole number from 0 to 4294967295, got '{10**23}'"
    )
