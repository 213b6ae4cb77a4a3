"""What docs/protocols.md says of its example is what the example prints."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('nltk', reason='needs nltk')
pytest.importorskip('pycocoevalcap.cider', reason='needs pycocoevalcap')

PAGE = Path(__file__).parents[2] / 'docs' / 'protocols.md'


@pytest.fixture(scope='module')
def printed() -> str:
    code = re.search(r'```python\n(.*?)```', PAGE.read_text(), re.DOTALL)[1]
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr('shutil.which', lambda *args, **kwargs: None)
        exec(compile(code, str(PAGE), 'exec'), {'__name__': 'page'})
    return said.getvalue()


def test_the_page_shows_what_its_code_prints(printed: str) -> None:
    shown = re.search(r'```text\n(.*?)```', PAGE.read_text(), re.DOTALL)[1]
    assert shown == printed


def test_the_numbers_worked_by_hand(printed: str) -> None:
    first, *others = printed.splitlines()[1:]
    numbers = [float(n) for n in first.split()[2:]]
    bleu = 5 / 6 * np.exp(1 - 9 / 6) * 3 / 5
    assert numbers[0] == pytest.approx(bleu, abs=0.005)
    assert numbers[2:5] == pytest.approx([1 / 4, 1 / 2, 1 / 3], abs=0.005)
    assert numbers[7:] == pytest.approx([1 / 2, 1 / 2, 1 / 2])
    # Who says less, or one thing five times, loses in strict and gains in release.
    for row in others:
        strict, release = (float(row.split()[i]) for i in (-10, -5))
        assert strict < numbers[0]
        assert release > numbers[5]
