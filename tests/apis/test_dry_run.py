"""What a run would download, told before anything is."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config

pytest.importorskip('transformers', reason='needs transformers')

from mmsmot.apis import dry_run
from mmsmot.apis.dry_run import describe_dry_run, dry_run_files
from mmsmot.engine import load_config, set_config_weights
from mmsmot.models.trackers import SORT
from mmsmot.registry import MODELS
from tests.demo_scene import make_demo_scene
from tests.tiny_onnx import write_onnx
from tests.tiny_transformers import save_detector

ROOT = Path(__file__).parents[2]
FOUNDATION = 'foundation/bytetrack_rtdetr_smolvlm'


@pytest.fixture(scope='module')
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_demo_scene(tmp_path_factory.mktemp('clip') / 'walk', num_frames=3))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a hub that does not answer."""
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_CACHE', str(tmp_path / 'c'))
    monkeypatch.setattr('mmsmot.utils.hub_files._bytes_on_hub', lambda name: None)
    return tmp_path / 'c'


def test_names_of_the_hub_with_their_sizes(clip: str, monkeypatch) -> None:
    monkeypatch.setattr(
        dry_run.shutil, 'disk_usage', lambda folder: SimpleNamespace(free=10**9)
    )
    lines, is_complete = describe_dry_run(load_config(FOUNDATION), None, [clip])
    assert is_complete
    text = '\n'.join(lines)
    assert 'model.detector: TransformersDetector PekingU/rtdetr_v2_r18vd\n' in text
    assert 'to be downloaded, 80.8 MB (size: its 20.2 million weights' in text
    assert 'to be downloaded, 1.02 GB (size: the list of files on its page' in text
    assert 'licence Apache-2.0' in text
    assert 'in all: 1.11 GB; 1.00 GB are free in ' in text and 'NOT ENOUGH' in text
    assert (
        'questions: one for each person (4 images); two for each pair that was near '
        '(3 images), at most 20 pairs; one for the video (6 images); 4 answered at once'
    ) in lines
    assert lines[-1].endswith('walk: 480x270, 3 frames, 25 frames/s')


def test_a_part_of_ones_own_says_what_it_reads(clip: str, monkeypatch) -> None:
    class OwnPart(SORT):
        hub_argument = 'network'

    monkeypatch.setitem(MODELS.module_dict, 'OwnPart', OwnPart)
    config = load_config('two_stage/sort_public-detections')
    config.model.semantics = dict(type='OwnPart', network='me/mine')
    (file,) = dry_run_files(config)
    assert (file.slot, file.part, file.name) == (
        'model.semantics',
        'OwnPart',
        'me/mine',
    )
    assert file.place == 'download'


def test_what_is_here_is_not_downloaded(clip: str, tmp_path: Path) -> None:
    config = load_config(
        FOUNDATION, {'model.semantics.model.name': str(tmp_path / 'no')}
    )
    set_config_weights(config, str(save_detector(tmp_path / 'detector')))
    detector, words = dry_run_files(config)
    assert (detector.place, words.place) == ('here', 'missing')
    size = sum(f.stat().st_size for f in (tmp_path / 'detector').iterdir())
    assert detector.num_bytes == size
    lines, is_complete = describe_dry_run(config, None, [clip])
    assert not is_complete and '  MISSING: no such folder' in lines
    assert 'nothing is to be downloaded' in lines


def test_without_a_network_what_is_not_here_is_missing(clip: str, monkeypatch) -> None:
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    lines, is_complete = describe_dry_run(load_config(FOUNDATION), None, [clip])
    assert not is_complete
    assert sum('MISSING: HF_HUB_OFFLINE is set' in line for line in lines) == 2
    assert any('hf download PekingU/rtdetr_v2_r18vd' in line for line in lines)


def test_files_and_the_zoo(tmp_path: Path) -> None:
    (zoo,) = dry_run_files(load_config('two_stage/bytetrack_rtmdet-tiny'))
    assert zoo.place == 'missing'
    assert zoo.note.startswith('download https://') and '--weights FILE' in zoo.note
    config = load_config('two_stage/strongsort_yolox-nano')
    path = tmp_path / 'net.onnx'
    write_onnx(path)
    set_config_weights(config, str(path), str(tmp_path / 'no.onnx'))
    detector, reid = dry_run_files(config)
    assert (detector.place, detector.num_bytes) == ('here', path.stat().st_size)
    assert reid.place == 'missing' and '--reid-weights' in reid.note
    (start,) = dry_run_files(load_config('smoter/smoter_r50_bensmot'))
    assert (start.name, start.place) == ('torchvision://resnet50', 'download')
    assert [f.slot for f in dry_run_files(config, path)] == ['checkpoint']
    assert dry_run_files(Config({'model': dict(type='SMOT')})) == []


def test_the_tool(
    clip: str, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture
) -> None:
    main = runpy.run_path(str(ROOT / 'tools/infer.py'))['main']
    command = ['infer.py', clip, '--config', 'two_stage/bytetrack_yolox-nano']
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'argv', [*command, '--dry-run'])
    assert main() == 1
    assert 'MISSING: give it with --weights FILE' in capsys.readouterr().out
    assert [*tmp_path.iterdir()] == []  # nothing is written
    monkeypatch.setattr(sys, 'argv', command)
    with pytest.raises(SystemExit):
        main()
    assert 'arguments are required: --out' in capsys.readouterr().err
