"""What changes a fingerprint, and what does not."""

from __future__ import annotations

import sys
from importlib import import_module, invalidate_caches
from pathlib import Path

import pytest
import torch

from mmsmot.utils.fingerprint import code_fingerprint, package_fingerprint
from mmsmot.utils.weights_hash import weights_hash


def test_code_is_what_was_imported_from_a_module_s_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'fp_parts').mkdir()
    files = {
        'fp_main.py': 'import fp_parts.inner\n',
        'fp_parts/inner.py': 'X = 1\n',
        'fp_unused.py': 'Y = 1\n',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    invalidate_caches()
    import_module('fp_main')
    first = code_fingerprint(['fp_main'])
    (tmp_path / 'fp_unused.py').write_text('Y = 2\n')
    assert code_fingerprint(['fp_main']) == first
    (tmp_path / 'fp_parts/inner.py').write_text('X = 2\n')
    assert code_fingerprint(['fp_main']) != first
    assert code_fingerprint(['no.such.module', 'builtins']) == code_fingerprint([])
    for name in ('fp_main', 'fp_parts', 'fp_parts.inner'):
        sys.modules.pop(name)


def test_a_package_is_all_of_its_sources(tmp_path: Path) -> None:
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'b.py').write_text('1')
    first = package_fingerprint(tmp_path)
    for cached in ('a/__pycache__/b.pyc', 'a/.b.py.swp'):
        (tmp_path / cached).parent.mkdir(exist_ok=True)
        (tmp_path / cached).write_text('1')
    assert package_fingerprint(tmp_path) == first
    (tmp_path / 'a' / 'page.js').write_text('1')
    second = package_fingerprint(tmp_path)
    (tmp_path / 'a' / 'page.js').write_text('2')
    third = package_fingerprint(tmp_path)
    (tmp_path / 'a' / 'b.py').rename(tmp_path / 'a' / 'c.py')
    assert len({first, second, third, package_fingerprint(tmp_path)}) == 4


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16, torch.int64])
def test_weights_are_told_apart_by_value_and_name(dtype: torch.dtype) -> None:
    def module(name: str, value: int, form: torch.memory_format) -> torch.nn.Module:
        made = torch.nn.Module()
        weight = torch.full((1, 2, 2, 2), value, dtype=dtype)
        weight[0, 1] += 1
        made.register_buffer(name, weight.contiguous(memory_format=form))
        made.register_buffer('scalar', torch.tensor(3))
        return made

    plain, last = torch.contiguous_format, torch.channels_last
    hashes = [
        weights_hash(module(*args))
        for args in (('w', 1, plain), ('w', 1, last), ('w', 2, plain), ('v', 1, plain))
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
