"""What the weights that come with the package know."""

from __future__ import annotations

from pathlib import Path

from mmsmot.datasets.synsmot import make_synsmot
from mmsmot.engine import SMOTRunner, load_config

NAME = 'smoter/smoter_tiny_synsmot'


def test_they_tell_clips_that_they_were_not_trained_on(tmp_path: Path) -> None:
    """A fall is the weights' or that of the code around them; 4 clips of another seed."""
    config = load_config(NAME, {})
    config.test_dataloader.dataset.data_root = str(make_synsmot(tmp_path, 'mini', 11))
    config.load_from = 'smoter_tiny_synsmot'  # the name is enough
    config.work_dir = str(tmp_path / 'work')
    scores = SMOTRunner.from_cfg(config).test()
    assert scores['smot/track/HOTA'] > 78  # 84.1
    assert scores['smot/track/MOTA'] > 95  # 99.4
    assert scores['smot/strict/instance_CIDEr'] > 2.8  # 3.32
    assert scores['smot/strict/video_CIDEr'] > 4  # 5.65
    assert scores['smot/strict/interaction_F1'] > 0.75  # 0.92
