"""Configs are read, and what nobody would read is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.engine import load_config, set_config_weights

SORT = 'two_stage/sort_public-detections'
SMALL = "model = dict(type='SMOT', detector=None, tracker=dict(type='SORT'))\n"


@pytest.mark.parametrize('name', [SORT, f'{SORT}.py', f'mmsmot::{SORT}.py'])
def test_by_name(name: str) -> None:
    assert load_config(name).model.tracker.type == 'SORT'


def test_by_path(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text(SMALL)
    assert load_config(path).model.type == 'SMOT'


@pytest.mark.skipif(
    not (Path(__file__).parents[2] / 'mmsmot' / '.mim').exists(),
    reason='needs an installed mmsmot (make setup)',
)
def test_a_base_by_package_name_brings_no_scope(tmp_path: Path) -> None:
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = ['mmsmot::{SORT}.py']\n")
    assert '_scope_' not in load_config(path).pretty_text


def test_an_unknown_name_lists_similar_ones() -> None:
    with pytest.raises(FileNotFoundError, match=r'sort_public-detections\.py'):
        load_config('two_stage/sort_public')


def test_options_are_set() -> None:
    config = load_config(SORT, {'model.tracker.max_age': 9, 'work_dir': 'x'})
    assert config.model.tracker.max_age == 9
    # An argument that the config leaves to its default is an argument all the same.
    assert load_config(SORT, {'model.batch_size': 2}).model.batch_size == 2


@pytest.mark.parametrize(
    'key', ['find_unused_parameters', 'model_wrapper_cfg', 'sync_bn']
)
def test_what_the_runner_reads_from_the_config_itself(key: str, tmp_path: Path) -> None:
    assert load_config(SORT, {key: None})[key] is None
    path = tmp_path / 'a.py'
    path.write_text(SMALL + f'{key} = None\n')
    assert load_config(path)[key] is None


@pytest.mark.parametrize(
    ('key', 'message'),
    [
        ('sort.max_age', r"did you mean 'model\.tracker\.max_age'"),
        ('model.tracker.max_agee', r"has no 'max_agee'.*'max_age'"),
        ('model.trackr.max_age', r"model has no 'trackr'.*'tracker'"),
        ('test_dataloader.dataset.dataroot', r"'data_root'"),
        ('workdir', r"nothing reads it.*'work_dir'"),
        ('fp16', r"unknown key 'fp16'"),
        ('env_cfg.cudnn_benchmrk', r"'cudnn_benchmark'"),
        ('default_hooks.chekpoint.interval', r"'checkpoint'"),
        ('default_hooks.checkpoint.intervall', r"mean 'interval'\?"),
    ],
)
def test_an_option_that_nothing_reads_is_refused(key: str, message: str) -> None:
    with pytest.raises(KeyError, match=message):
        load_config(SORT, {key: 1})


def test_an_unknown_part_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no tracker named 'SROT'.*'SORT'.*ByteTrack"):
        load_config(SORT, {'model.tracker.type': 'SROT'})


def test_a_part_outside_its_slot_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text(SMALL + "tracker = dict(type='SORT')\n")
    with pytest.raises(KeyError, match=r"a\.py:2: nothing reads 'tracker'"):
        load_config(path)


def test_weights_go_where_the_detector_wants_them() -> None:
    config = load_config('two_stage/bytetrack_yolox-nano')
    set_config_weights(config, 'a.onnx')
    assert config.model.detector.model == 'a.onnx'
    with pytest.raises(KeyError, match='no detector that takes weights'):
        set_config_weights(load_config(SORT), 'a.onnx')
    with pytest.raises(KeyError, match='no reid that takes weights'):
        set_config_weights(config, None, 'r.onnx')
    cached = dict(
        type='mmsmot.CachedDetector',
        root='x',
        detector=config.model.detector,
        reid=dict(type='ONNXReID', model=None),
    )
    config.model.detector = cached
    set_config_weights(config, 'b.onnx', 'r.onnx')
    assert config.model.detector.detector.model == 'b.onnx'
    assert config.model.detector.reid.model == 'r.onnx'


def test_weights_of_a_detector_in_an_estimator(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text(
        "model = dict(type='SMOT', estimator=dict(type='DetectAndTrack', "
        "tracker=dict(type='SORT'), detector=dict(type='ONNXDetector', model=None, "
        "decoder=dict(type='YOLOXDecoder'))))\n"
    )
    config = load_config(path)
    set_config_weights(config, 'a.onnx')
    assert config.model.estimator.detector.model == 'a.onnx'
    with pytest.raises(KeyError, match='no reid that takes weights'):
        set_config_weights(config, None, 'r.onnx')


def test_an_estimator_is_checked_as_other_parts_are(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    text = "model = dict(type='SMOT', estimator=dict(type='{}', tracker=None))\n"
    path.write_text(text.format('DetectAndTrak'))
    with pytest.raises(KeyError, match="named 'DetectAndTrak'.*'DetectAndTrack'"):
        load_config(path)
    path.write_text(text.format('DetectAndTrack').replace('tracker', 'traker'))
    with pytest.raises(KeyError, match="takes no 'traker'.*'tracker'"):
        load_config(path)


def test_a_config_of_a_project_by_name_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = 'projects/example_project/configs/greedy_public-detections'
    monkeypatch.chdir(tmp_path)
    for spelling in (name, f'{name}.py', f'mmsmot::{name}'):
        assert load_config(spelling).model.tracker.type == 'GreedyTracker'
    with pytest.raises(FileNotFoundError, match=f'Similar ones: {name}.py'):
        load_config(name.replace('greedy', 'gredy'))


def test_mmdets_detectors_take_weights_that_no_config_names() -> None:
    config = load_config('smoter/smoter_dla34_bensmot')
    assert 'checkpoint' not in config.model.detector
    set_config_weights(config, 'crowdhuman.pth')
    assert config.model.detector.checkpoint == 'crowdhuman.pth'


def test_nothing_is_suggested_twice() -> None:
    with pytest.raises(KeyError) as caught:
        load_config(SORT, {'model.tracker.max_agee': 1})
    assert str(caught.value).count("'max_age'") == 1


def test_trackers_and_camera_motion_are_not_mixed_up() -> None:
    with pytest.raises(KeyError) as caught:
        load_config(SORT, {'model.tracker.type': 'ECC2'})
    known = str(caught.value).split('Known: ')[1]
    assert 'ByteTrack' in known
    assert 'SparseOpticalFlow' not in known
    with pytest.raises(KeyError, match=r"'ECC'.*Known: ECC, SparseOpticalFlow\."):
        load_config(SORT, {'model.tracker.camera_motion': dict(type='ECCC')})


@pytest.mark.parametrize(
    ('tracker', 'error', 'message'),
    [
        (
            "dict(type='ByteTrack')",
            KeyError,
            r"ByteTrack takes no 'max_age'.*_delete_=True",
        ),
        (
            'dict(iou=0.3)',
            KeyError,
            r"SORT takes no 'iou'.*mean 'iou_threshold'.*max_age",
        ),
        (
            "dict(max_age='high')",
            ValueError,
            r"wants a whole number, got 'high' \(str\)",
        ),
        ('dict(iou_threshold=True)', ValueError, 'tracker.iou_threshold: .* a number'),
        ("dict(_delete_=True, type='TrajectoryFile')", KeyError, "needs 'path'"),
    ],
)
def test_what_a_constructor_would_stumble_over(
    tmp_path: Path, tracker: str, error: type, message: str
) -> None:
    path = tmp_path / 'mine.py'
    base = Path(__file__).parents[2] / 'configs' / f'{SORT}.py'
    before = 'dict(max_age=3)'
    (tmp_path / 'base.py').write_text(
        f"_base_ = ['{base}']\nmodel = dict(tracker={before})\n"
    )
    path.write_text(f"_base_ = ['base.py']\nmodel = dict(tracker={tracker})\n")
    with pytest.raises(error, match=message):
        load_config(path)


def test_what_a_training_loop_and_parts_of_the_semantics_would_stumble_over() -> None:
    name = 'smoter/smoter_tiny_synsmot'
    loop = {'train_cfg.type': 'IterBasedTrainLoop', 'train_cfg.max_iters': 5}
    with pytest.raises(
        KeyError, match=r"train_cfg: .* takes no 'max_epochs'.*_delete_"
    ):
        load_config(name, loop)
    for part, wrong in (
        ('bigram_head', 'tokns'),
        ('interaction_tokens', 'people_'),
        ('cross_track_attention', 'a'),
    ):
        with pytest.raises(KeyError, match=f'semantics.{part}.*{wrong!r}'):
            load_config(name, {f'model.semantics.{part}.{wrong}': 1})
    with pytest.raises(ValueError, match=r'crop\.tokens: .* a whole number'):
        load_config(name, {'model.semantics.roi.crop.tokens': 'two'})


def test_a_slot_that_the_pipeline_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text(SMALL.replace('tracker=', 'trackr='))
    with pytest.raises(KeyError, match=r"SMOT takes no 'trackr'.*mean 'tracker'"):
        load_config(path)
    path.write_text(SMALL + 'learning_rate: float = 0.1\n')
    with pytest.raises(KeyError, match=r"a\.py:2: nothing reads 'learning_rate'"):
        load_config(path)


def test_options_may_change_the_part() -> None:
    options = {'model.tracker': {'_delete_': True, 'type': 'OCSORT', 'delta_t': 5}}
    assert load_config(SORT, options).model.tracker == dict(type='OCSORT', delta_t=5)
    dotted = {
        'model.tracker._delete_': True,
        'model.tracker.type': 'OCSORT',
        'model.tracker.delta_t': 5,
    }
    assert load_config(SORT, dotted).model.tracker == dict(type='OCSORT', delta_t=5)
    with pytest.raises(KeyError, match='SORT takes no .*_delete_=True'):
        load_config(
            'two_stage/bytetrack_public-detections', {'model.tracker.type': 'SORT'}
        )


def test_missing_files_and_modules_are_named(tmp_path: Path) -> None:
    path = tmp_path / 'a.py'
    path.write_text("_base_ = ['two_stage/sort.py']\n")
    with pytest.raises(
        FileNotFoundError, match=r'a\.py builds on .*sort\.py.*mmsmot::'
    ):
        load_config(path)
    path.write_text(SMALL + "custom_imports = dict(imports=['my_trakcer'])\n")
    with pytest.raises(
        ImportError, match="a.py: .*No module named 'my_trakcer'"
    ) as caught:
        load_config(path)
    assert str(tmp_path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_name_like_no_other_lists_few() -> None:
    with pytest.raises(FileNotFoundError, match=r'There are \d+, such as ') as caught:
        load_config('%%%')
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize('options', [[1], {5: 1}, 'a=1'], ids=str)
def test_options_that_are_no_dict_by_text(options: object) -> None:
    with pytest.raises(TypeError, match='options must be a dict of dotted keys'):
        load_config('two_stage/sort_public-detections', options)


def test_the_config_of_another_packages_tracker_is_its_own() -> None:
    name = 'two_stage/roboflow-bytetrack_public-detections'
    config = load_config(name, {'model.tracker.tracker.iou': None})
    assert config.model.tracker.tracker.type == 'ByteTrackTracker'
    with pytest.raises(KeyError, match="takes no 'max_age'|has no 'max_age'"):
        load_config(name, {'model.tracker.max_age': 3})
