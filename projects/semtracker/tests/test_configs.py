"""The configs: found, checked, one training step each, and the product on a clip."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from mmsmot.apis.infer import infer_video
from mmsmot.datasets.video_reader import open_video
from mmsmot.engine import load_config
from mmsmot.engine.sweeps.sweep_file import read_sweep
from mmsmot.models.smot import SMOT
from mmsmot.registry import DATASETS, MODELS
from mmsmot.structures import Prompt

PROJECT = Path(__file__).parents[1]
MEASURES = [
    'success',
    'precision',
    'normalised_precision',
    'st_map',
    'MTIR',
    'trajectory_accuracy',
    'f1_micro',
    'f1_head',
    'f1_middle',
    'f1_tail',
    'f1_micro_roles_swapped',
]
CONFIGS = sorted(path.stem for path in (PROJECT / 'configs').glob('*.py'))
TRAINED = [n for n in CONFIGS if 'synsmot' in n and 'chosen' not in n]


def config_of(name: str, **options: str):
    config = load_config(f'projects/semtracker/configs/{name}', options)
    inner = config.model.estimator.detector.config
    inner.model.backbone.init_cfg = None  # a download
    if 'r50' in name:
        inner.test_pipeline[1].scale = (160, 96)
    return config


@pytest.mark.parametrize('name', CONFIGS)
def test_found_by_name_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    load_config(f'projects/{PROJECT.name}/configs/{name}')


@pytest.mark.parametrize('name', ['paper', 'baseline', 'thresholds'])
def test_the_tables_can_be_made(name: str) -> None:
    sweep = read_sweep(PROJECT / f'configs/tables/{name}.py')
    configs = [sweep.base] if sweep.base else [*sweep.axes['system'].settings]
    assert {*sweep.metrics.values()} <= {f'semtrack/{m}' for m in MEASURES} | {
        'track/HOTA'
    }
    if name == 'paper':
        assert len(configs) == 5 and sweep.baseline == {'system': 'end to end'}
        assert [*sweep.axes['seed'].settings] == ['0']
    if name == 'thresholds':
        config = load_config(configs[0])
        for key, (least, greatest) in sweep.search.space.items():
            part, option = (
                MODELS.get(config.model[key.split('.')[1]].type),
                key.split('.')[2],
            )
            default = inspect.signature(part).parameters[option].default
            assert least < default < greatest


def test_a_wrong_option_of_a_part_is_refused() -> None:
    name = f'projects/{PROJECT.name}/configs/semtracker_tiny_synsmot'
    with pytest.raises(KeyError, match="search_facter'.*'search_factor'"):
        load_config(name, {'model.estimator.search_facter': 3})


@pytest.mark.parametrize('name', TRAINED)
def test_every_config_builds_and_steps(name: str, synsmot: Path) -> None:
    """One step changes all that is to be trained, and nothing of the detector."""
    torch.manual_seed(0)
    model = MODELS.build(config_of(name).model).train()
    dataset = DATASETS.build(
        dict(
            type='SynSMOTEpisodes',
            data_root=str(synsmot),
            query='text',
            num_frames=4,
            cache=str(synsmot / 'index.npz'),
            pipeline=[dict(type='PackClip')],
        )
    )
    batch = pseudo_collate([dataset[k] for k in (0, 5)])
    losses = model.loss(batch['inputs'], batch['data_samples'])
    names = {'loss_centre', 'loss_l1', 'loss_giou', 'loss_presence', 'loss_text'}
    if 'bytetrack' in name:
        names = set()  # the tracker comes as it is
    if model.semantics is not None:
        names.add('loss_interaction')
    assert {*losses} == names
    assert all(torch.isfinite(loss) for loss in losses.values())
    sum(losses.values()).backward()
    names_without_gradient = [n for n, w in model.named_parameters() if w.grad is None]
    assert all('detector' in n.split('.') for n in names_without_gradient)
    assert not model.estimator.detector.training  # it comes trained
    assert not any(w.grad is not None for w in model.estimator.detector.parameters())


def test_the_large_config_learns_semtracks_classes(tmp_path: Path) -> None:
    """On a JSON with classes of its own: a step, and what it lacks is refused."""
    images = [dict(id=k, video_id=1, frame_index=k) for k in range(4)]
    boxes = [
        dict(
            image_id=k,
            track_id=1,
            category_id=1,
            bbox=[20 + 4 * k, 10, 30, 60],
            main_object=1,
            relation_sub_category_id=9 if k < 2 else -1,
            relation_obj_category_id=-1,
        )
        for k in range(4)
    ]
    content = dict(
        videos=[dict(id=1, name='x', lang='the man')],
        images=images,
        categories=[dict(id=1, name='adult'), dict(id=4, name='horse')],
        relation_categories=[dict(id=3, name='ride'), dict(id=9, name='feed')],
        annotations=boxes,
    )
    path = tmp_path / 'train.json'
    path.write_text(json.dumps(content))
    (tmp_path / 'x').mkdir()
    for k in range(4):
        image = np.full((96, 160, 3), 40 * k, np.uint8)
        cv2.imwrite(str(tmp_path / f'x/{k + 1:04d}.jpg'), image)
    options = {'model.semantics.branch.classes': str(path)}
    config = config_of('semtracker_r50_semtrack', **options)
    torch.manual_seed(0)
    model = MODELS.build(config.model).train()
    assert model.semantics.verbs == ('ride', 'feed')
    assert model.semantics.partners == ('adult', 'horse')
    dataset = dict(
        config.train_dataloader.dataset,
        data_root=str(tmp_path),
        classes=str(path),
        num_frames=3,
    )
    batch = pseudo_collate([DATASETS.build(dataset)[0]])
    losses = model.loss(batch['inputs'], batch['data_samples'])
    sum(losses.values()).backward()
    weight = model.semantics.branch.head.classify.weight
    assert torch.isfinite(weight.grad).all() and weight.grad.abs().sum() > 0
    assert [part['type'] for part in config.test_evaluator] == [
        'SemanticTrackingMetric',
        'TrackingMetric',
    ]
    content['relation_categories'] = content['relation_categories'][:1]
    short_classes = tmp_path / 'classes.json'
    short_classes.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="'feed' is not among the 1 classes of"):
        DATASETS.build(dict(dataset, classes=str(short_classes)))


@pytest.fixture(scope='module')
def model() -> SMOT:
    torch.manual_seed(0)
    return MODELS.build(config_of('semtracker_tiny_synsmot').model).eval()


def test_a_target_and_its_events_by_the_product(
    model: SMOT, synsmot: Path, tmp_path: Path
) -> None:
    """Untrained: what is tested is that boxes, events and the page are there."""
    rules = model.semantics.rules
    model.semantics.rules = replace(rules, threshold=0.0, min_frames=1)
    model.estimator.presence_threshold = 0.0
    clip = next(synsmot.glob('val/*/*'))
    row = np.loadtxt(clip / 'gt/gt.txt', delimiter=',')[0]
    box = tuple(np.append(row[2:4], row[2:4] + row[4:6]))
    video = open_video(str(clip))
    result = infer_video(model, video, tmp_path, prompts=Prompt(boxes={1: box}))
    (track,) = result['trajectories']
    assert track['frame_ids'].tolist() == video.video.frame_ids.tolist()
    np.testing.assert_allclose(track['boxes_xyxy'][0], box)
    assert track['caption'].startswith('The target ')
    events = result['interactions']
    assert events and all(event['partner_label'] for event in events)
    assert all(event['start_frame'] <= event['end_frame'] for event in events)
    assert not result['scores']  # the gt beside the video is of everybody
    page = (tmp_path / 'report.html').read_text()
    assert events[0]['verb'] in page and 'box in frame 1' in page
    assert result['prompt'].boxes == {1: box}


def test_smoters_heads_can_stand_behind_it(model: SMOT) -> None:
    """Feature maps and track features: the one is what SMOTer pools from."""
    assert model.estimator.provides == {'features', 'track_features'}
    semantics = load_config('smoter/smoter_tiny_synsmot').model.semantics
    captioner = MODELS.build(semantics)
    assert captioner.needs <= model.estimator.provides
    SMOT(estimator=model.estimator, semantics=captioner)
