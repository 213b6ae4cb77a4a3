"""A config file and what it builds on, read by MMEngine once it is known to be readable."""

from __future__ import annotations

import ast
import codecs
import os
import sys
import traceback
from pathlib import Path

from mmengine.config import Config

from ..utils.data_config import (
    MAX_BYTES,
    SUFFIXES,
    is_data_config,
    require_safe_data_config,
)
from ..utils.text_file import read_text_file_bytes

# What holds configs/, projects/ and tools/.
ROOTS = (
    Path(__file__).parents[2],  # a checkout
    Path(__file__).parents[1] / '.mim',  # an installed package
)
CONFIG_FOLDERS = tuple(root / 'configs' for root in ROOTS)
MAX_CAUSE = 400  # characters of MMEngine's messages, which print whole dicts


def read_config_file(path: str) -> Config:
    """Read a config; data is walked first, see :mod:`mmsmot.utils.data_config`.

    Where it has ``custom_imports``, its folder, the working directory and the folder of
    our own ``projects/`` stay in ``sys.path``: a part may import its neighbours when it
    is built, and in a worker.

    Raises:
        FileNotFoundError: It builds on what is not there.
        ImportError: A module of ``custom_imports`` is missing.
        ValueError: It cannot be read, builds on itself, fails when it is run, or is data
            that would run code.
    """
    folder = Path(path).parent
    import_folders: list[str] = []
    if is_data_config(path):
        require_safe_data_config(path, CONFIG_FOLDERS)
    elif Path(path).suffix == '.py':
        _require_readable(Path(path).resolve(), ())
        import_folders = [
            name for name in _import_folders(folder) if name not in sys.path
        ]
    else:
        raise ValueError(f'{path}: a config ends in .py, {", ".join(SUFFIXES)}')
    sys.path.extend(import_folders)
    config = None
    try:
        config = Config.fromfile(path)  # also runs its custom_imports
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{path} builds on what is not there: {error.filename or error}. A config of '
            "this package is named  _base_ = ['mmsmot::two_stage/NAME.py']"
        ) from error
    except ImportError as error:
        raise _import_error(path, folder, error) from error
    except OSError:
        raise
    except Exception as error:  # whatever a config's own lines may raise
        raise ValueError(f'{path}: {_cause(error)}') from error
    finally:
        if config is None or not config.get('custom_imports'):
            for name in import_folders:
                sys.path.remove(name)
    return config


def config_syntax_tree(path: Path) -> ast.Module:
    """The syntax tree of a Python config.

    Raises:
        ValueError: It is no UTF-8, begins with a byte order mark, or is no Python.
        OSError: It cannot be read.
    """
    raw = read_text_file_bytes(path, MAX_BYTES)
    if raw.startswith(codecs.BOM_UTF8):
        raise ValueError(
            f'{path}: begins with a byte order mark, which MMEngine cannot read; save it '
            'as UTF-8 without one (without "BOM")'
        )
    try:
        return ast.parse(raw.decode('utf-8'), str(path))
    except UnicodeDecodeError as error:
        raise ValueError(f'{path}: no text in UTF-8 ({error.reason})') from error
    except SyntaxError as error:
        line = f'{path}:{error.lineno}' if error.lineno else str(path)
        raise ValueError(f'{line}: no Python: {error.msg}') from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f'{path}: no Python that can be read: {error}') from error


def _require_readable(path: Path, below: tuple[Path, ...]) -> None:
    """Refuse a Python config, or a base of it, that MMEngine would stumble over.

    Args:
        path: The config, resolved.
        below: The configs that build on it.
    """
    if path in below:
        raise ValueError(f'{path}: builds on itself (_base_ in {below[-1]})')
    for base in config_base_names(config_syntax_tree(path), path):
        file = (path.parent / base).resolve()
        if '::' in base:
            continue  # of an installed package
        if is_data_config(base) and file.is_file():
            require_safe_data_config(path.parent / base, CONFIG_FOLDERS)
        elif file.is_file():
            _require_readable(file, (*below, path))


def config_base_names(tree: ast.Module, path: Path) -> list[str]:
    """The configs that ``_base_`` names, of the assignment that MMEngine takes.

    MMEngine evaluates an expression before anything here could check the files it names.

    Raises:
        ValueError: ``_base_`` is an expression and not a text or a list of texts.
    """
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        if getattr(node.targets[0], 'id', None) != '_base_':
            continue
        try:
            bases = ast.literal_eval(node.value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise ValueError(
                f"{path}:{node.lineno}: _base_ must be written out, as '../a.py' or "
                f"['../a.py', '../b.py'], got {ast.unparse(node.value)[:80]}"
            ) from None
        bases = bases if isinstance(bases, list | tuple) else [bases]
        return [base for base in bases if isinstance(base, str)]
    return []


def _import_folders(folder: Path) -> list[str]:
    """Where modules of ``custom_imports`` are looked for after Python's path, in order:
    beside the config, where the tool was started, and as ``projects.NAME`` among ours."""
    roots = [str(root) for root in ROOTS if (root / 'projects').is_dir()]
    return list(dict.fromkeys([str(folder.resolve()), os.getcwd(), *roots]))


def _import_error(path: str, folder: Path, error: ImportError) -> ImportError:
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__
    return ImportError(
        f'{path}: custom_imports failed: {cause}. Modules are looked for in PYTHONPATH, '
        f'then in {", ".join(_import_folders(folder))}.'
        f'{_shadow_hint(cause, folder)}'
    )


def _shadow_hint(error: BaseException, folder: Path) -> str:
    """Which package on Python's path hides the folder of a missing module, if one does."""
    package = (getattr(error, 'name', None) or '').split('.')[0]
    file = getattr(sys.modules.get(package), '__file__', None)
    if file is None:
        return ''
    candidates = [Path(path) / package for path in _import_folders(folder)]
    imported = Path(file).resolve().parent
    hidden_folders = [p for p in candidates if p.is_dir() and p.resolve() != imported]
    if not hidden_folders:
        return ''
    return (
        f' {file} makes {package!r} a package of its own, which hides {hidden_folders[0]}: '
        'rename one of the two, or uninstall what brings the first.'
    )


def _cause(error: Exception) -> str:
    """The error's kind and text, and the line of a config or a module it imports."""
    lines = [
        f'{Path(frame.filename).name}:{frame.lineno}: '
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.name == '<module>'
    ]
    text = ' '.join(str(error).split())
    return f'{lines[-1] if lines else ""}{type(error).__name__}: {text[:MAX_CAUSE]}'
