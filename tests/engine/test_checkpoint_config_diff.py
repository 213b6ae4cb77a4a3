"""Options of a checkpoint's config are compared, and its text is never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.engine import load_config
from mmsmot.engine.checkpoint_config_diff import config_differences

ROOT = Path(__file__).parents[2] / 'configs'


@pytest.mark.parametrize('name', ['smoter_tiny_synsmot', 'smoter_dla34_bensmot'])
def test_options_by_key(name: str) -> None:
    config = load_config(ROOT / f'smoter/{name}.py')
    trained = config.pretty_text
    assert config_differences(trained, trained) == []
    heads = config.model.semantics.interaction.get('num_heads')
    config.model.semantics.interaction.num_heads = 2
    config.model.detector.score_power = 0.25
    config.model.detector.config.model.bbox_head.stacked_convs = 3
    config.model.batch_size = 99
    config.model.semantics.interaction.chunk_size = 7  # speed alone
    found = config_differences(trained, config.pretty_text)
    assert [line.split(' ')[0] for line in found] == [
        'model.detector.config.model.bbox_head.stacked_convs',
        'model.detector.score_power',
        'model.semantics.interaction.num_heads',
    ]
    there = 'not set' if heads is None else heads
    assert found[2].endswith(f'num_heads ({there} there, 2 here)')


def test_the_text_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / 'ran'
    run = f'__import__("pathlib").Path({str(mark)!r}).touch()'
    trained = (
        f'{run}\nmodel = dict(detector={{"a": {run}, **dict(b=1)}}, semantics=dict())'
    )
    (found,) = config_differences(trained, 'model = dict(detector=dict(a=1))')
    assert found.startswith('model.detector.a (')
    assert found.endswith('... there, 1 here)')
    assert len(found) < 90
    assert not mark.exists()


@pytest.mark.parametrize(
    'text', ['', 'model = <object>', 'model = 3', '(' * 9999, '\0']
)
def test_what_is_no_config_says_nothing(text: str) -> None:
    assert config_differences(text, 'model = dict(detector=dict(a=1))') == []
