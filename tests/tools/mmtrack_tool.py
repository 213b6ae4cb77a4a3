"""The tool that reads MMTracking's configs, for the tests of it."""

from __future__ import annotations

import contextlib
import io
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mmsmot.engine import load_config

from . import old_tracking_configs as old

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'misc' / 'from_mmtrack.py'


@dataclass
class Run:
    """What the tool printed and how it ended."""

    code: int | str | None
    stdout: str
    stderr: str


Tool = Callable[..., Run]


def in_process(monkeypatch: pytest.MonkeyPatch) -> Tool:
    """The tool in this process: starting another costs seconds."""
    monkeypatch.syspath_prepend(str(TOOL.parent))

    def run(*args: object) -> Run:
        stdout, stderr, code = io.StringIO(), io.StringIO(), None
        monkeypatch.setattr('sys.argv', ['from_mmtrack.py', *map(str, args)])
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            try:
                runpy.run_path(str(TOOL), run_name='__main__')
            except SystemExit as end:
                code = end.code
        return Run(code, stdout.getvalue(), stderr.getvalue())

    return run


def write(folder: Path, config: dict, name: str = 'old.py') -> Path:
    path = folder / name
    path.write_text(old.as_file(config))
    return path


def converted(tool: Tool, folder: Path, config: dict, *options: str) -> dict:
    """The new config that the tool writes, as it is loaded."""
    out = folder / 'new.py'
    run = tool(write(folder, config), '--out', out, *options)
    assert run.code is None, run.stderr
    assert f'written: {out}' in run.stdout
    if not (ROOT / 'mmsmot' / '.mim').exists():  # a bare checkout has them here
        text = out.read_text().replace('mmsmot::', f'{ROOT}/configs/')
        out.write_text(text)
    return load_config(out)
