"""The baseline of mypy's errors only shrinks."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from subprocess import CompletedProcess

import pytest

PATH = Path(__file__).parents[2] / 'tools' / 'misc' / 'check_types.py'
spec = importlib.util.spec_from_file_location('check_types', PATH)
check_types = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check_types)


def test_errors_are_counted_by_file() -> None:
    output = (
        'mmsmot/a.py:3: error: Incompatible types  [assignment]\n'
        'mmsmot/a.py:3: note: see here\n'
        'mmsmot/b.py:7:2: error: Item "None" has no attribute "x"  [union-attr]\n'
        'mmsmot/a.py:9: error: Name "y" already defined  [no-redef]\n'
        'Found 3 errors in 2 files (checked 5 source files)\n'
    )
    assert check_types.count_errors(output) == {'mmsmot/a.py': 2, 'mmsmot/b.py': 1}


def test_more_and_fewer_errors_are_told_apart() -> None:
    baseline = Counter({'a.py': 2, 'b.py': 1, 'd.py': 3})
    more, fewer = check_types.differences(
        Counter({'a.py': 3, 'c.py': 1, 'd.py': 3}), baseline
    )
    assert more == [
        'a.py: 3 errors, 2 in the baseline',
        'c.py: 1 errors, 0 in the baseline',
    ]
    assert fewer == ['b.py: 0 errors, 1 in the baseline']


def test_a_line_of_the_baseline_is_a_count_and_a_file(tmp_path: Path) -> None:
    assert all(n > 0 for n in check_types.read_baseline(check_types.BASELINE).values())
    path = tmp_path / 'baseline.txt'
    for line in ('x a.py', '3', '-1 a.py'):
        path.write_text(f'2 b.py\n{line}\n')
        with pytest.raises(ValueError, match=r'baseline\.txt:2: '):
            check_types.read_baseline(path)


@pytest.mark.parametrize(
    ('code', 'stdout'),
    [
        (1, ''),  # mypy is missing
        (2, 'a.py:1: error: syntax\nFound 1 error in 1 file (errors prevented further'),
    ],
)
def test_a_mypy_that_did_not_check_is_an_error(
    code: int, stdout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = CompletedProcess([], code, stdout, 'No module named mypy')
    monkeypatch.setattr(check_types.subprocess, 'run', lambda *_, **__: done)
    with pytest.raises(ValueError, match='mypy did not run: No module named mypy'):
        check_types.run_mypy()
