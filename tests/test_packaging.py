"""The wheel works away from the checkout."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PARTS = ('mmsmot', 'configs', 'projects', 'tools', 'setup.py', 'pyproject.toml')
PARTS += ('README.md', 'MANIFEST.in', 'LICENSE', 'CHANGELOG.md', 'model-index.yml')


@pytest.fixture(scope='module')
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel has been installed into."""
    pytest.importorskip('wheel', reason='building a wheel needs the package wheel')
    source = tmp_path_factory.mktemp('source')
    ignore = shutil.ignore_patterns('__pycache__', '.mim')
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=ignore)
        else:
            shutil.copy2(ROOT / name, source / name)
    target = tmp_path_factory.mktemp('installed')
    pip = [sys.executable, '-m', 'pip', '--quiet']
    subprocess.run(
        [*pip, 'wheel', '.', '--no-deps', '--no-build-isolation', '-w', 'wheels'],
        cwd=source,
        check=True,
    )
    (wheel,) = (source / 'wheels').glob('mmsmot-*.whl')
    subprocess.run(
        [*pip, 'install', '--no-deps', '--target', target, wheel], check=True
    )
    return target


def run_python(
    installed: Path, folder: Path, *args: object
) -> subprocess.CompletedProcess:
    """Python in a folder, with the installed package on its path."""
    return subprocess.run(
        [sys.executable, *map(str, args)],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(installed)},
        cwd=folder,
        check=False,
    )


def test_configs_and_tools_come_along(installed: Path) -> None:
    mim = installed / 'mmsmot' / '.mim'
    assert (mim / 'configs/two_stage/sort_public-detections.py').is_file()
    assert (mim / 'configs/_base_/trackers/sort.py').is_file()
    assert (mim / 'projects/README.md').is_file()
    assert (mim / 'projects/example_project/greedy_tracker.py').is_file()
    assert (mim / 'tools/infer.py').is_file()
    assert (mim / 'model-index.yml').is_file()
    assert (installed / 'mmsmot/models/post_processing/aflink.safetensors').is_file()
    assert not list(installed.rglob('test_*.py'))


LIGHT = """
import sys
import mmsmot.structures, mmsmot.models.trackers, mmsmot.evaluation, mmsmot.datasets
import mmsmot.registry, mmsmot.utils.environment
from mmsmot.models.trackers import ByteTrack
from mmsmot.structures import Detections
ByteTrack().update(Detections([[0, 0, 5, 5]], [0.9]))
print(*{name.split('.')[0] for name in sys.modules})
"""


def closure(requirements: list[str]) -> set[str]:
    """The distributions that pip would bring along, as far as they are installed here."""
    found, waiting = set(), list(requirements)
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        wanted = requirement.marker is None or requirement.marker.evaluate(
            {'extra': ''}
        )
        if wanted and name not in found:
            found.add(name)
            with contextlib.suppress(metadata.PackageNotFoundError):
                waiting += metadata.requires(name) or []
    return found


def test_what_is_imported_is_what_is_required(installed: Path) -> None:
    """A plain ``pip install mmsmot`` gives a package that can be imported."""
    (info,) = installed.glob('mmsmot-*.dist-info')
    brought = closure(metadata.Distribution.at(info).requires)
    done = run_python(installed, installed, '-c', LIGHT)
    assert done.returncode == 0, done.stderr
    owners = metadata.packages_distributions()
    for module in set(done.stdout.split()) & set(owners) - {'mmsmot'}:
        names = {canonicalize_name(name) for name in owners[module]}
        pip_own = {'pip', 'setuptools', 'wheel'}  # start-up files of the environment
        assert names & (brought | pip_own), f'{module} ({names}) is not required'
    assert 'torch' not in brought
    assert 'onedl-mmengine' in brought


REACHED_INTO = (
    *('onedl-mmengine', 'onedl-mmcv', 'onedl-mmdetection', 'transformers', 'trackeval'),
    *('opencv-python', 'opencv-python-headless'),
)


def test_what_we_reach_into_has_an_upper_bound(installed: Path) -> None:
    (info,) = installed.glob('mmsmot-*.dist-info')
    requires = list(map(Requirement, metadata.Distribution.at(info).requires))
    for name in REACHED_INTO:
        bounds = [each.specifier for each in requires if each.name == name]
        assert bounds, name
        for bound in bounds:
            assert '<' in {spec.operator for spec in bound}, f'{name}{bound}'
            with contextlib.suppress(metadata.PackageNotFoundError):
                assert metadata.version(name) in bound, f'{name}{bound}'


def test_floors_are_those_of_trackeval(installed: Path) -> None:
    """A lower one would be a promise that pip cannot keep."""
    (info,) = installed.glob('mmsmot-*.dist-info')
    own = {
        canonicalize_name(each.name): each.specifier
        for each in map(Requirement, metadata.Distribution.at(info).requires)
        if each.marker is None
    }
    oldest = {'python_version': '3.10', 'extra': ''}  # Python that we support
    checked = set()
    for each in map(Requirement, metadata.requires('trackeval')):
        name = canonicalize_name(each.name)
        if name in own and (each.marker is None or each.marker.evaluate(oldest)):
            checked.add(name)
            floor = {s.version for s in each.specifier if s.operator == '>='}
            lower = {s.version for s in own[name] if s.operator == '>='}
            assert Version(min(lower)) >= Version(min(floor))
    assert {'numpy', 'matplotlib', 'scipy', 'pillow'} <= checked


def test_the_extra_all_is_all_of_them(installed: Path) -> None:
    """And what draws losses comes only where it is asked for."""
    (info,) = installed.glob('mmsmot-*.dist-info')
    requires = list(map(Requirement, metadata.Distribution.at(info).requires))
    extras = metadata.Distribution.at(info).metadata.get_all('Provides-Extra')
    brought = {
        extra: {
            canonicalize_name(each.name)
            for each in requires
            if each.marker is not None and each.marker.evaluate({'extra': extra})
        }
        for extra in extras
    }
    everything = brought.pop('all')
    assert everything == set().union(*brought.values())
    drawing = {extra for extra, names in brought.items() if 'tensorboard' in names}
    assert drawing == {'tensorboard'}


def test_names_resolve_from_outside(installed: Path, tmp_path: Path) -> None:
    (tmp_path / 'mine.py').write_text(
        "_base_ = ['mmsmot::two_stage/bytetrack_public-detections.py']\n"
        'model = dict(tracker=dict(track_buffer=60))\n'
    )
    code = (
        f'import sys; sys.path.insert(0, {str(installed)!r})\n'
        'import mmsmot; from mmengine.hub import get_config\n'
        'from mmsmot.engine import load_config\n'
        f'assert mmsmot.__file__.startswith({str(installed)!r}), mmsmot.__file__\n'
        "print(get_config('mmsmot::two_stage/sort_public-detections.py')"
        '.model.tracker.type)\n'
        "print(load_config('two_stage/sort_public-detections').model.tracker.type)\n"
        "print(load_config('mine.py').model.tracker.track_buffer)\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.stdout.split() == ['SORT', 'SORT', '60'], done.stderr


def test_a_project_works_by_name_from_outside(installed: Path, tmp_path: Path) -> None:
    """Its ``custom_imports`` and those of a config of one's own that builds on nothing."""
    (tmp_path / 'mine.py').write_text(
        "custom_imports = dict(imports=['projects.example_project.greedy_tracker'])\n"
        "model = dict(type='SMOT', tracker=dict(type='GreedyTracker'))\n"
    )
    code = (
        'import sys\n'
        'from mmsmot.engine import load_config\n'
        'from mmsmot.registry import TRACKERS\n'
        "for name in ('projects/example_project/configs/greedy_public-detections', "
        "'mine.py'):\n"
        '    part = TRACKERS.build(load_config(name).model.tracker)\n'
        '    print(type(part).__name__, sys.modules[type(part).__module__].__file__)\n'
    )
    done = run_python(installed, tmp_path, '-c', code)
    file = installed / 'mmsmot/.mim/projects/example_project/greedy_tracker.py'
    expected = ['GreedyTracker', str(file)]
    assert [line.split() for line in done.stdout.splitlines()] == [expected] * 2, (
        done.stderr
    )


def mim_find(package: Path, name: str) -> list[Path]:
    """The files that ``mim train`` and ``mim test`` choose from for a config's name:
    all of that name below the package, links followed."""
    walk = os.walk(package, followlinks=True)
    return [Path(folder) / name for folder, _, files in walk if name in files]


def test_mim_finds_each_config_by_its_name(installed: Path) -> None:
    package = installed / 'mmsmot'
    configs = [*(package / '.mim/configs').glob('*/*.py')]
    configs = [path for path in configs if path.parent.name != '_base_']
    configs += (package / '.mim/projects').glob('*/configs/*.py')
    assert len(configs) > 40
    for path in configs:
        assert mim_find(package, path.name) == [path]
    index = yaml.safe_load((package / '.mim/model-index.yml').read_text())
    for metafile in index['Import']:  # as mim search and mim download read them
        meta = yaml.safe_load((package / '.mim' / metafile).read_text())
        for model in meta['Models']:
            assert (package / '.mim' / model['Config']).is_file()


def test_the_commands_that_mim_runs(installed: Path, tmp_path: Path) -> None:
    """``mim test mmsmot greedy-estimator_csv.py -C none --data-root .``."""
    rows = [f'{k},1,{k},0,{k + 20},40' for k in range(1, 6)]
    header = 'frame,id,x1,y1,x2,y2'
    (tmp_path / 'walk.csv').write_text('\n'.join([header, *rows]))
    detections = [f'{k},-1,{k},0,20,40,0.9' for k in range(1, 6)]
    (tmp_path / 'walk.det.txt').write_text('\n'.join(detections))
    package = installed / 'mmsmot'
    (config,) = mim_find(package, 'greedy-estimator_csv.py')
    command = [package / '.mim/tools/test.py', config, 'none', '--launcher', 'none']
    done = run_python(installed, tmp_path, *command, '--data-root', '.')
    assert done.returncode == 0, done.stderr
    assert 'continuity/mean_length: 5.0000' in done.stdout + done.stderr
    # Where train.py's help names --gpus, mim adds --device, which we do not know.
    assert '--gpus' not in (package / '.mim/tools/train.py').read_text()
