"""Training resumes from the newest whole checkpoint of its work-dir."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

from mmsmot.utils import training_checkpoints
from mmsmot.utils.checkpoint import UnsafeCheckpointError
from mmsmot.utils.training_checkpoints import (
    newest_checkpoint,
    remove_unfinished_checkpoints,
)
from tests.utils.test_checkpoint import packed, save


def test_after_a_kill_the_newest_whole_checkpoint_counts(tmp_path: Path) -> None:
    pointer = tmp_path / 'last_checkpoint'
    assert newest_checkpoint(tmp_path) is None
    for number in (2, 9, 10, 11):
        torch.save({'state_dict': {}}, tmp_path / f'iter_{number}.pth')
    torch.save({'state_dict': {}}, tmp_path / 'best_epoch_12.pth')
    half = tmp_path / 'iter_11.pth'
    half.write_bytes(half.read_bytes()[:-100])
    newest = str(tmp_path / 'iter_10.pth')
    assert newest_checkpoint(tmp_path) == newest
    for text in ('', str(tmp_path / 'iter_1.pth')):
        pointer.write_text(text)
        assert newest_checkpoint(tmp_path) == newest
    for text in (str(tmp_path / 'iter_2.pth'), 's3://bucket/iter_1.pth'):
        pointer.write_text(text)
        assert newest_checkpoint(tmp_path) == text


def test_training_does_not_go_on_from_a_bomb_or_from_nan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = []
    monkeypatch.setattr(
        training_checkpoints, 'print_log', lambda text, **_: lines.append(text)
    )
    good = save(tmp_path, {'state_dict': {'weight': torch.ones(2)}})
    bomb = packed(good, zipfile.ZIP_DEFLATED, padding=1 << 25)
    good = good.rename(tmp_path / 'epoch_1.pth')
    save(tmp_path, {'state_dict': {'weight': torch.full((2,), torch.nan)}}).rename(
        tmp_path / 'epoch_2.pth'
    )
    (tmp_path / 'last_checkpoint').write_bytes(b'\xff\xfe')
    assert newest_checkpoint(tmp_path) == str(good)
    assert lines[0].startswith(f'passed over: {tmp_path}/epoch_2.pth holds weights')
    bomb.rename(tmp_path / 'epoch_3.pth')
    with pytest.raises(UnsafeCheckpointError, match=r'epoch_3\.pth was not loaded'):
        newest_checkpoint(tmp_path)


def test_files_of_a_kill_while_saving_are_removed(tmp_path: Path) -> None:
    unfinished = ('.epoch_3.ab_12xyz.pth', '.iter_10.00000000.pth')
    unfinished += ('.best_smot_HOTA_epoch_4.abcdefgh.pth',)
    others = ('epoch_3.pth', '.epoch_3.pth', '.mine.abcdefgh.pth', 'last_checkpoint')
    for name in (*unfinished, *others):
        (tmp_path / name).touch()
    remove_unfinished_checkpoints(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(others)
