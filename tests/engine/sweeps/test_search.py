"""A search: its space, its resumption and the config that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmengine.config import Config

pytest.importorskip('optuna', reason='needs optuna')

from mmsmot.engine import load_config
from mmsmot.engine.sweeps.search import run_search
from mmsmot.utils.bundled_weights import bundled_weights

from .sweep_files import BYTETRACK, sweep_of

TEXT = f"""
base = '{BYTETRACK}'
options = {{'model.tracker.fuse_score': False}}
search = dict(
    space={{'model.tracker.track_threshold': [0.3, 0.9], 'model.tracker.track_buffer': [5, 50]}},
    trials=TRIALS, metric='HOTA', split='SPLIT')
"""


def text_of(trials: int) -> str:
    return TEXT.replace('TRIALS', str(trials)).replace('SPLIT', 'val')


class Score:
    """A score with its greatest value at a threshold of .5 and an age of 20."""

    def __init__(self) -> None:
        self.configs: list[Config] = []

    def __call__(self, config: Config) -> dict[str, float]:
        self.configs.append(config)
        if len(self.configs) == self.stop_at:
            raise KeyboardInterrupt
        tracker = config.model.tracker
        distance = (
            abs(tracker.track_threshold - 0.5) + abs(tracker.track_buffer - 20) / 20
        )
        return {'track/HOTA': 100 - distance, 'track/MOTA': 3.0}

    stop_at = -1


def test_the_best_is_written_as_a_config(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, text_of(25))
    score = Score()
    path = run_search(sweep, tmp_path / 'work', 'python tools/sweep.py x', score)
    first = score.configs[0].model.tracker
    assert (first.track_threshold, first.track_buffer) == (0.6, 30)  # the config's own
    assert {c.test_dataloader.dataset.split for c in score.configs} == {'val'}
    assert len(score.configs) == 25
    best = load_config(str(path)).model.tracker
    assert abs(best.track_threshold - 0.5) < 0.1
    assert abs(best.track_buffer - 20) < 8
    assert best.fuse_score is False
    text = path.read_text()
    assert text.startswith('# HOTA on val: 9')
    assert 'python tools/sweep.py x' in text
    assert f'#   python tools/test.py {path}\n' in text


def test_numbers_inside_of_lists(tmp_path: Path) -> None:
    """best.py writes a list whole: a config file changes no single item of one."""
    config = tmp_path / 'gaps.py'
    config.write_text(
        f"_base_ = ['mmsmot::{BYTETRACK}.py']\n"
        "model = dict(post_processing=[dict(type='MinTrackLength', min_frames=3),\n"
        "    dict(type='LinearInterpolation', max_gap=20)])\n"
    )
    text = text_of(4).replace(BYTETRACK, str(config))
    text = text.replace(
        'model.tracker.track_threshold', 'model.post_processing.1.max_gap'
    )
    text = text.replace('[0.3, 0.9]', '[5, 50]')

    def score(config: Config) -> dict[str, float]:
        return {'track/HOTA': 100.0 - abs(config.model.post_processing[1].max_gap - 30)}

    path = run_search(sweep_of(tmp_path, text), tmp_path / 'work', 'x', score)
    first, second = load_config(str(path)).model.post_processing
    assert first == dict(type='MinTrackLength', min_frames=3)
    assert second.type == 'LinearInterpolation'
    value = score(load_config(str(path)))['track/HOTA']
    assert f'HOTA on val: {value:.4g} ' in path.read_text()
    assert value >= 90  # of the config itself, which is the first trial


def test_an_interrupted_search_goes_on(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, text_of(6))
    score = Score()
    score.stop_at = 4
    with pytest.raises(KeyboardInterrupt):
        run_search(sweep, tmp_path / 'work', 'x', score)
    score = Score()
    run_search(sweep, tmp_path / 'work', 'x', score)
    assert len(score.configs) == 3
    score = Score()
    run_search(sweep, tmp_path / 'work', 'x', score)
    assert score.configs == []


def test_a_search_killed_in_its_first_trial(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, text_of(3))
    score = Score()
    score.stop_at = 1
    with pytest.raises(KeyboardInterrupt):
        run_search(sweep, tmp_path / 'work', 'x', score)
    score = Score()
    path = run_search(sweep, tmp_path / 'work', 'x', score)
    trackers = [config.model.tracker for config in score.configs]
    assert (trackers[0].track_threshold, trackers[0].track_buffer) == (0.6, 30)
    assert 'the config as it was: 99.4' in path.read_text()


def test_a_search_that_goes_on_draws_other_values(tmp_path: Path) -> None:
    thresholds = []
    for trials in (3, 6):
        score = Score()
        run_search(sweep_of(tmp_path, text_of(trials)), tmp_path / 'work', 'x', score)
        thresholds += [c.model.tracker.track_threshold for c in score.configs]
    assert len({*thresholds}) == 6


def test_weights_are_those_that_a_test_would_take(tmp_path: Path) -> None:
    base = 'smoter/smoter_tiny_synsmot'
    checkpoints = []
    bundled = 'smoter_tiny_synsmot'
    cases = ('', f'checkpoint="{bundled}"', f'weights="{bundled}"')
    for number, options in enumerate(cases):
        text = (
            text_of(1)
            .replace(BYTETRACK, base)
            .replace("{'model.tracker.fuse_score': False}", f'dict({options})')
        )
        score = Score()
        run_search(sweep_of(tmp_path, text), tmp_path / f'{number}', 'x', score)
        checkpoints.append(score.configs[0].load_from)
    assert checkpoints == [str(bundled_weights(base))] * 2 + [None]
    best = (tmp_path / '2' / 'best.py').read_text()
    assert f'tools/test.py {tmp_path}/2/best.py --weights {bundled}\n' in best
    best = (tmp_path / '0' / 'best.py').read_text()
    assert f'tools/test.py {tmp_path}/0/best.py {bundled_weights(base)}\n' in best
    detector = score.configs[0].model.detector
    assert detector.checkpoint == str(bundled_weights(base))


def test_a_config_that_changed_since(tmp_path: Path) -> None:
    config = tmp_path / 'mine.py'
    config.write_text(f"_base_ = ['mmsmot::{BYTETRACK}.py']\n")
    text = text_of(1).replace(BYTETRACK, str(config))
    run_search(sweep_of(tmp_path, text), tmp_path / 'work', 'x', Score())
    config.write_text(
        f"_base_ = ['mmsmot::{BYTETRACK}.py']\nmodel = dict(tracker=dict(low_threshold=0.2))"
    )
    with pytest.raises(ValueError, match='holds a search over something else'):
        run_search(sweep_of(tmp_path, text), tmp_path / 'work', 'x', Score())


def test_another_search_in_the_folder(tmp_path: Path) -> None:
    run_search(sweep_of(tmp_path, text_of(1)), tmp_path / 'work', 'x', Score())
    narrower = sweep_of(tmp_path, text_of(1).replace('0.9', '0.8'))
    with pytest.raises(ValueError, match='holds a search over something else'):
        run_search(narrower, tmp_path / 'work', 'x', Score())


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ("split='SPLIT'", "split='test'", 'chosen on the test split'),
        ('[0.3, 0.9]', '[0.9, 0.3]', r'expected \[least, greatest\]'),
        ('trials=TRIALS', 'trials=0', 'trials must be'),
        ('trials=TRIALS, ', '', 'expected dict'),
        ('trials=TRIALS', 'trails=3, trials=3', "unknown key 'trails'"),
    ],
)
def test_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = TEXT.replace(old, new).replace('TRIALS', '3').replace('SPLIT', 'val')
    with pytest.raises(ValueError, match=message):
        sweep_of(tmp_path, text)


def test_an_unknown_key_and_metric(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, text_of(2).replace('track_buffer', 'track_bufer'))
    with pytest.raises(KeyError, match='track_bufer is no number'):
        run_search(sweep, tmp_path / 'a', 'x', Score())
    sweep = sweep_of(tmp_path, text_of(2).replace("'HOTA'", "'XOTA'"))
    with pytest.raises(KeyError, match="'XOTA' is none of"):
        run_search(sweep, tmp_path / 'b', 'x', Score())


def test_a_config_without_a_dataset(tmp_path: Path) -> None:
    config = tmp_path / 'bare.json'
    config.write_text('{"model": {"type": "SMOT", "tracker": {"type": "ByteTrack"}}}')
    sweep = sweep_of(tmp_path, text_of(1).replace(BYTETRACK, str(config)))
    with pytest.raises(ValueError, match='has no test_dataloader'):
        run_search(sweep, tmp_path / 'work', 'x', Score())


def test_no_search_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='--search wants'):
        run_search(sweep_of(tmp_path, f"base = '{BYTETRACK}'"), tmp_path, 'x', Score())
