"""Count variables that a pronoun, an adverb or a participle alone has for a name.

Such a name (`said`, `found`, `own`) does not tell what the variable holds; a noun of the
field does (`captions`, `detections`, `kept_ids`).
"""

from __future__ import annotations

import argparse
import ast
import collections
from collections.abc import Iterator
from pathlib import Path

from mmsmot.utils.command_line import run_tool

ROOT = Path(__file__).resolve().parents[2]
VAGUE_WORDS = frozenset(
    [
        'about',
        'added',
        'all',
        'any',
        'apart',
        'asked',
        'before',
        'both',
        'chosen',
        'drawn',
        'each',
        'every',
        'everyone',
        'everywhere',
        'felt',
        'few',
        'found',
        'given',
        'gone',
        'half',
        'have',
        'here',
        'home',
        'how',
        'kept',
        'known',
        'last',
        'learnt',
        'left',
        'likely',
        'looked',
        'made',
        'many',
        'met',
        'more',
        'most',
        'much',
        'near',
        'nearest',
        'nobody',
        'none',
        'nothing',
        'now',
        'one',
        'ones',
        'other',
        'others',
        'own',
        'placed',
        'played',
        'rest',
        'said',
        'same',
        'second',
        'see',
        'seen',
        'shown',
        'some',
        'somebody',
        'somewhere',
        'speaks',
        'spent',
        'spoken',
        'still',
        'strange',
        'such',
        'taken',
        'that',
        'their',
        'theirs',
        'them',
        'there',
        'these',
        'they',
        'this',
        'those',
        'together',
        'told',
        'tried',
        'turned',
        'two',
        'used',
        'wanted',
        'what',
        'when',
        'where',
        'whether',
        'which',
        'who',
        'whole',
        'whom',
        'whose',
        'why',
        'with',
        'within',
        'without',
        'worth',
    ]
)
LIMIT = 0.003  # of all bindings


def bindings(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of all that a file binds: variables, arguments, attributes."""
    tree = ast.parse(path.read_text(encoding='utf-8'), str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(
            node.ctx, ast.Store
        ):
            name = node.id if isinstance(node, ast.Name) else node.attr
            yield node.lineno, name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


def python_files(path: Path) -> list[Path]:
    """A file itself, or the Python files in a folder and below.

    Raises:
        FileNotFoundError: There is neither.
    """
    if not path.exists():
        raise FileNotFoundError(f'{path}: no such file or folder')
    return [path] if path.is_file() else sorted(path.rglob('*.py'))


def is_vague(name: str) -> bool:
    """Whether a name is one of the words alone."""
    return not name.endswith('__') and name.strip('_').lower() in VAGUE_WORDS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'folders',
        nargs='*',
        default=['mmsmot', 'tools', 'projects'],
        help='folders, or single files, to count in',
    )
    parser.add_argument('--list', action='store_true', help='print every place')
    args = parser.parse_args()
    total = 0
    vague: collections.Counter = collections.Counter()
    for folder in args.folders:
        for path in python_files(ROOT / folder):
            # SynSMOT's stories have words of their own; tests are not counted anywhere.
            if {'synsmot', 'tests'}.intersection(path.parts):
                continue
            for line, name in bindings(path):
                total += 1
                if is_vague(name):
                    vague[name] += 1
                    if args.list:
                        print(f'{path.relative_to(ROOT)}:{line}: {name}')
    count = sum(vague.values())
    share = count / max(total, 1)
    commonest = ', '.join(f'{name} {number}' for name, number in vague.most_common(12))
    print(f'{count} of {total} bindings ({share:.2%}) are vague: {commonest}')
    return int(share >= LIMIT)


if __name__ == '__main__':
    run_tool(main)
