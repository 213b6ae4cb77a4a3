"""Say what each part of an MMTracking config is called here, and write that config.

Reads configs of MMTracking 0.x (mmdet 2.x) and 1.x, and those of mmdet's own trackers. A
.py config is code: it runs when it is read, so read no stranger's. Exit code 2: a part has
no counterpart, and nothing is written.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmtrack_detector import MMTrackPart
    from mmtrack_parts import translate_tracking_config
    from yapf.yapflib.yapf_api import FormatCode

    from mmsmot.engine.config_file import (
        config_base_names,
        config_syntax_tree,
        read_config_file,
    )
    from mmsmot.utils.atomic import atomic_write
    from mmsmot.utils.printable import printable

BASE = 'mmsmot::two_stage/sort_public-detections.py'
STYLE = {
    'based_on_style': 'pep8',
    'column_limit': 88,
    'split_before_expression_after_opening_paren': True,
}
MISSING = 2  # exit code


def main() -> int | None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config', help='the old config; what it builds on must lie where it says'
    )
    parser.add_argument(
        '--out', metavar='NEW.py', help='write the config of today there, a new file'
    )
    parser.add_argument(
        '--ours',
        action='store_true',
        help="the tracker of this package, which equals its authors' code, instead of "
        "mmdet's, which is MMTracking's",
    )
    args = parser.parse_args()
    out = _require_new_file(args.out)
    parts = _parts_of(args.config, args.ours)
    print(parts_table(parts))
    missing = [part.slot for part in parts if part.new_name is None]
    if missing:
        slots = ', '.join(dict.fromkeys(missing))
        unwritten = f'; {out} is not written' if out else ''
        print(f'no counterpart for: {slots}{unwritten}', file=sys.stderr)
        return MISSING
    if out:
        with atomic_write(out) as stream:
            stream.write(new_config_text(parts, Path(args.config).name))
        print(f'written: {out}')
    return None


def _require_new_file(out: str | None) -> Path | None:
    if out is None:
        return None
    if Path(out).suffix != '.py':
        raise ValueError(f'--out {out}: a config ends in .py')
    if Path(out).exists():
        raise FileExistsError(f'--out {out}: there is such a file; name a new one')
    return Path(out)


def _parts_of(path: str, ours: bool) -> list[MMTrackPart]:
    config = read_old_config(path).to_dict()
    try:
        return translate_tracking_config(config, ours)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error


def read_old_config(path: str) -> Any:
    """The config with what it builds on.

    Raises:
        FileNotFoundError: It, or files that it builds on, are missing; names them all.
        ValueError: It cannot be read, or builds on itself.
    """
    missing = list(dict.fromkeys(_missing_bases(Path(path), set())))
    if missing:
        raise FileNotFoundError(
            f'{path} builds on what is not there: {", ".join(missing)}. Put it where '
            'MMTracking has it, in its folder configs/'
        )
    return read_config_file(path)


def _missing_bases(path: Path, visited: set[Path]) -> list[str]:
    visited.add(path.resolve())
    if path.suffix != '.py':
        return []
    missing = []
    for base in config_base_names(config_syntax_tree(path), path):
        file = path.parent / base
        if base.startswith('mmtrack::') or ('::' not in base and not file.is_file()):
            missing.append(base if '::' in base else str(file))
        elif '::' not in base and file.resolve() not in visited:
            missing += _missing_bases(file, visited)
    return missing


def parts_table(parts: list[MMTrackPart]) -> str:
    """A row for each part and its notes below, aligned."""
    rows = [('slot', 'there', 'here')]
    rows += [(part.slot, part.old_name, part.new_name or 'none') for part in parts]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = ['  '.join((*map(str.ljust, rows[0][:2], widths), rows[0][2]))]
    for part, row in zip(parts, rows[1:], strict=True):
        lines.append('  '.join((*map(str.ljust, row[:2], widths), row[2])))
        lines += [f'{"":{widths[0]}}  - {note}' for note in part.notes]
    return '\n'.join(map(printable, lines))


def new_config_text(parts: list[MMTrackPart], old_name: str) -> str:
    """The new config: what differs from the pipeline it builds on, as Python."""
    by_slot: dict[str, list[MMTrackPart]] = {}
    for part in parts:
        by_slot.setdefault(part.slot, []).append(part)
    detector, tracker = by_slot['detector'][0], by_slot['tracker'][0]
    weights = [note for note in detector.notes if '--weights' in note]
    model = {
        'detector': {'_delete_': True, **detector.config},
        'tracker': {'_delete_': True, **tracker.config},
    }
    steps = [
        step for part in by_slot.get('post_processing', []) for step in part.config
    ]
    if steps:
        model['post_processing'] = steps
    statements = [f'_base_ = [{BASE!r}]', f'model = {as_python(model)}']
    loader = by_slot['data'][0].config if 'data' in by_slot else None
    if loader:
        statements.append(f'test_dataloader = {as_python(loader)}')
    code, _ = FormatCode('\n'.join(statements) + '\n', style_config=STYLE)
    comments = [
        f'# From {old_name} of MMTracking.',
        *(f'# {note}.' for note in weights),
    ]
    return '\n'.join([*map(printable, comments), code])


def as_python(value: Any) -> str:
    """A value as the configs here write it: dict(key=...) where the keys are names."""
    if isinstance(value, dict):
        if all(isinstance(key, str) and key.isidentifier() for key in value):
            return f'dict({", ".join(f"{k}={as_python(v)}" for k, v in value.items())})'
        items = (f'{key!r}: {as_python(item)}' for key, item in value.items())
        return f'{{{", ".join(items)}}}'
    if isinstance(value, list):
        return f'[{", ".join(map(as_python, value))}]'
    if isinstance(value, tuple):
        inside = ', '.join(map(as_python, value))
        return f'({inside},)' if len(value) == 1 else f'({inside})'
    if isinstance(value, float) and not math.isfinite(value):
        return f'float({str(value)!r})'
    if value is not None and not isinstance(value, bool | int | float | str):
        raise ValueError(
            f'{value!r} in the old config is no number, text, list or dict, and cannot be '
            'written into a new one'
        )
    return repr(value)


if __name__ == '__main__':
    run_tool(main)
