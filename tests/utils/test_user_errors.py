"""Whose errors are shown without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.utils import user_errors
from mmsmot.utils.user_errors import is_for_users


def error_raised_in(path: Path) -> ValueError:
    """An error of a file with one ``raise``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("raise ValueError('give a number')\n")
    with pytest.raises(ValueError) as caught:
        exec(compile(path.read_text(), str(path), 'exec'), {})
    return caught.value


@pytest.mark.parametrize(
    ('folder', 'in_checkout', 'when_installed'),
    [
        ('mmsmot/models', True, True),
        ('tools', True, False),
        ('projects/one', True, False),
        ('elsewhere', False, False),
    ],
)
def test_projects_beside_an_installed_package_are_anybodys(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: str,
    in_checkout: bool,
    when_installed: bool,
) -> None:
    root = tmp_path.resolve()
    monkeypatch.setattr(user_errors, 'PACKAGE', root / 'mmsmot')
    error = error_raised_in(root / folder / 'code.py')
    assert is_for_users(error) is when_installed
    (root / 'pyproject.toml').touch()
    assert is_for_users(error) is in_checkout
