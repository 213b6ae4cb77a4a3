"""Without the packages that score captions: told before the run, nothing is lost."""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path

import pytest

from mmsmot.evaluation import SMOTMetric, smot_metric
from mmsmot.evaluation.captions import missing_caption_scorers
from mmsmot.evaluation.error_analysis import analyze_errors
from mmsmot.evaluation.saved_predictions import score_saved_predictions

from .smot_samples import worked_example

COMMAND = "pycocoevalcap is not installed: pip install 'mmsmot[captions]'"


@pytest.fixture(autouse=True)
def without_pycocoevalcap(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('', '.bleu', '.cider', '.rouge'):
        monkeypatch.setitem(sys.modules, f'pycocoevalcap{name}', None)


def test_the_metric_says_so_when_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = []
    monkeypatch.setattr(
        'mmsmot.evaluation.captions.print_log',
        lambda text, **kwargs: lines.append(text),
    )
    SMOTMetric()
    assert lines == [f'there will be no scores of captions, since {COMMAND}']


def test_all_other_scores_are_given_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smot_metric, 'print_log', lambda *args, **kwargs: None)
    metric = SMOTMetric(out_dir=str(tmp_path))
    metric.process(None, [worked_example().to_dict()])
    scores = metric.evaluate(1)
    assert scores['smot/strict/interaction_P'] == pytest.approx(1 / 4)
    assert scores['smot/strict/IHOTA'] > 0
    assert not [name for name in scores if 'ROUGE' in name or 'CHOTA' in name]
    report = json.loads((tmp_path / 'scores.json').read_text())
    assert report['missing']['strict instance captions'] == COMMAND
    assert report['missing']['release video ROUGE-L and CIDEr'] == COMMAND
    assert (tmp_path / 'predictions' / 'video.json').is_file()


def test_predictions_on_disk_and_errors() -> None:
    result = score_saved_predictions([worked_example()])
    assert result['tracking']['HOTA'] > 0
    assert result['missing']['strict video captions'] == COMMAND
    with pytest.raises(ModuleNotFoundError, match='pip install'):
        analyze_errors([worked_example()])


@pytest.mark.parametrize('threshold', [float('nan'), 7, -0.1, '0.4'])
def test_a_threshold_is_a_fraction(threshold: float) -> None:
    for call in (
        lambda: SMOTMetric(threshold=threshold),
        lambda: score_saved_predictions([], threshold=threshold),
        lambda: analyze_errors([], threshold),
    ):
        with pytest.raises(
            ValueError, match='threshold must be a finite number from 0'
        ):
            call()


def test_a_package_that_is_there_but_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError('libfoo.so is missing')

    broken = types.ModuleType('pycocoevalcap.bleu')
    broken.__getattr__ = fail
    for name in ('', '.bleu'):
        monkeypatch.setitem(sys.modules, f'pycocoevalcap{name}', broken)
    expected = (
        "cannot be imported (libfoo.so is missing): pip install 'mmsmot[captions]'"
    )
    assert missing_caption_scorers() == f'pycocoevalcap {expected}'
