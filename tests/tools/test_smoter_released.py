"""The released SMOTer's checkpoints become ours and theirs again, on made-up weights."""

from __future__ import annotations

import argparse
import importlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

pytest.importorskip('mmdet', reason='needs mmdet')
pytest.importorskip('transformers', reason='needs transformers')

from mmsmot.models.detectors import MMDetDetector
from mmsmot.models.language import PretrainedTokenizer
from mmsmot.registry import MODELS
from mmsmot.structures.sample_json import sample_from_dict
from mmsmot.utils.checkpoint import UnsafeCheckpointError, load_checkpoint
from tests.datasets import conftest as made_data
from tests.parity import released_detector
from tests.released_weights import filled, save_vocabulary
from tests.tools.test_tools import run

CONFIG = 'smoter/smoter_released_bensmot'
WORDS = 200  # of the small vocabulary
DECODER = 'model.semantics.instance_caption.decoder'
SMALL = {
    f'{DECODER}.config.hidden_size': 32,
    f'{DECODER}.config.num_hidden_layers': 2,
    f'{DECODER}.config.num_attention_heads': 4,
    f'{DECODER}.config.intermediate_size': 64,
    f'{DECODER}.config.max_position_embeddings': 40,
    'model.semantics.interaction.hidden': [16, 16],
    'model.detector.config.test_pipeline.1.size': 128,
    'model.detector.config.model.test_cfg.max_per_img': 6,
}
write_images, write_bensmot = made_data.write_images, made_data.write_bensmot
Weights = dict[str, torch.Tensor]
Convert = Callable[..., Path]


@pytest.fixture(scope='module')
def tool() -> Iterator[ModuleType]:
    folder = Path(__file__).parents[2] / 'tools' / 'model_converters'
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield importlib.import_module('smoter_released')


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('released')
    save_vocabulary(path / 'bert', WORDS)
    return path


@pytest.fixture(scope='module')
def convert(tool: ModuleType, folder: Path) -> Convert:
    """Runs the converter as the command line does."""

    def converted(source: Path, name: str, **options: Any) -> Path:
        out = folder / name
        args = dict(part='model', reverse=False, config=CONFIG, cfg_options=SMALL)
        args |= dict(
            vocabulary=str(folder / 'bert'), checkpoint=str(source), out=str(out)
        )
        args = argparse.Namespace(**args | options)
        (tool.to_release if args.reverse else tool.from_release)(args)
        return out

    return converted


@pytest.fixture(scope='module')
def weights(tool: ModuleType, folder: Path) -> Weights:
    """A whole checkpoint of the released layout, all names that it has."""
    args = argparse.Namespace(
        config=CONFIG, vocabulary=str(folder / 'bert'), cfg_options=SMALL, part='model'
    )
    state = tool.build(args).state_dict()
    released = {
        name: released_detector.filled(name, key.shape)
        for name, key in tool.detector_keys.detector_keys().items()
    }
    released[f'{released_detector.HEAD}agn_hm.bias'] -= 1  # some scores above .6
    released[f'{released_detector.HEAD}bbox_pred.bias'] += 3
    for name, key in tool.semantic_keys.semantic_keys(2).items():
        weight = filled(name, key.to_released(state).shape)
        released |= dict.fromkeys(tool.semantic_keys.twins(name), weight)
    return released


@pytest.fixture(scope='module')
def checkpoint(weights: Weights, folder: Path) -> Path:
    """As detectron2 writes it."""
    path = folder / 'model_final.pth'
    rest = dict(optimizer={'state': {}}, scheduler={'last_epoch': 3}, iteration=3)
    torch.save({'model': weights, **rest}, path)
    return path


@pytest.fixture(scope='module')
def ours(convert: Convert, checkpoint: Path) -> Path:
    return convert(checkpoint, 'ours.safetensors')


def test_there_and_back_to_the_bit(
    ours: Path, convert: Convert, weights: Weights
) -> None:
    back = load_checkpoint(convert(ours, 'back.pth', reverse=True))['model']
    assert back.keys() == weights.keys()
    for name, weight in weights.items():
        assert weight.dtype == back[name].dtype
        assert torch.equal(weight, back[name]), name
    prefix = 'roi_heads.{}_text_decoder.textual.'
    shared = [
        back[prefix.format(decoder) + name].data_ptr()
        for decoder in ('caption', 'summary')
        for name in ('embedding.words.weight', 'output.weight')
    ]
    assert len({*shared}) == 1  # one weight of four names


def test_a_whole_model_is_tested_by_the_tool(
    ours: Path, folder: Path, write_bensmot: Callable[..., Path]
) -> None:
    frames = (1, 2, 4, 6, 7, 9)
    write_bensmot(folder / 'data/test/cooking/a', frames=frames)
    options = [f'{key}={value}'.replace(' ', '') for key, value in SMALL.items()]
    options += [f'{DECODER}.tokenizer.name={folder / "bert"}']
    args = ('--data-root', folder / 'data', '--work-dir', folder / 'work')
    done = run(
        'test.py', CONFIG, ours, *args, '--cfg-options', *options, PATH=no_java()
    )
    assert done.returncode == 0, done.stderr
    results = folder / 'work' / 'results'
    (file,) = results.glob('predictions/*/*.json')
    sample = sample_from_dict(json.loads(file.read_text()))
    tracks = sample.pred_trajectories
    ids, counts = np.unique(tracks.ids, return_counts=True)
    assert 1 < len(ids) <= 6 and (counts >= 5).all()
    assert {*tracks.frame_ids.tolist()} == {*frames}
    assert sample.pred_captions.keys() == {*ids.tolist()}
    assert len(sample.pred_video_caption.split()) > 5
    scores = json.loads((results / 'scores.json').read_text())
    assert scores['release']['tracking'].keys() == scores['tracking'].keys()
    assert scores['strict']['video']['captions'] == 1


def no_java() -> str:
    """A PATH without java: METEOR costs ten seconds a start."""
    return str(Path(os.__file__).parent)


def test_other_forms_of_a_checkpoint(
    weights: Weights,
    ours: Path,
    convert: Convert,
    folder: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    """Weights alone, with the prefix of several processes, and names of other parts."""
    more = {'roi_heads.mask_head.fcn1.weight': torch.zeros(1), 'ema.x': torch.zeros(1)}
    state = {f'module.{name}': weight for name, weight in {**weights, **more}.items()}
    torch.save(state, folder / 'parallel.pth')
    out = load_file(convert(folder / 'parallel.pth', 'parallel.safetensors'))
    expected = load_file(ours)
    assert out.keys() == expected.keys()
    assert all(torch.equal(out[name], expected[name]) for name in expected)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f'2 of {len(weights) + 2} names are left over:'
    assert lines[2] == '  ema.x'
    assert lines[3].startswith('  roi_heads.mask_head.fcn1.weight: of the second stage')


CLASSIFIER = 'roi_heads.classifier.adapter.linear_3.bias'
TRACK_HEAD = [f'asso_head.fc{i}.{kind}' for i in (1, 2) for kind in ('weight', 'bias')]
SUMMARY = 'roi_heads.summary_text_decoder.textual.output.bias'


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({CLASSIFIER: None}, f'1 of .* weights are missing: {CLASSIFIER}'),
        ({name: None for name in TRACK_HEAD}, '4 of 4 weights are missing: asso_head'),
        (
            {CLASSIFIER: torch.zeros(336)},
            r"1 of another shape \['semantics.interaction.mlp.6.bias \(336,\) instead of "
            r'\(360,\)',
        ),
        (
            {SUMMARY: torch.zeros(WORDS)},
            f'{SUMMARY} and .*caption.* are the same weight',
        ),
        (
            {CLASSIFIER: torch.full((360,), torch.nan)},
            'holds weights that are no numbers',
        ),
    ],
    ids=['semantic weight', 'track head', 'verbs', 'decoders', 'nan'],
)
def test_other_weights(
    change: dict, message: str, weights: Weights, convert: Convert, tmp_path: Path
) -> None:
    changed = {k: w for k, w in {**weights, **change}.items() if w is not None}
    torch.save({'model': changed}, tmp_path / 'changed.pth')
    with pytest.raises(ValueError, match=message):
        convert(tmp_path / 'changed.pth', 'changed.safetensors')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['a.pth', 'b.pth'], r'b\.pth: what is written is a \.safetensors file'),
        (['a.pth', 'b.safetensors', '--reverse'], r'written is a \.pth file'),
        (['a.pth', 'b.pth', '--reverse', '--part', 'detector'], 'leave --part out'),
    ],
)
def test_arguments_that_do_not_fit(
    tool: ModuleType, options: list, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('sys.argv', ['smoter_released.py', *options])
    with pytest.raises(ValueError, match=message):
        tool.main()


def test_another_vocabulary(convert: Convert, checkpoint: Path, tmp_path: Path) -> None:
    longer = save_vocabulary(tmp_path / 'longer', WORDS + 1)
    other = save_vocabulary(tmp_path / 'other', WORDS)
    words = (other / 'vocab.txt').read_text().split()
    (other / 'vocab.txt').write_text('\n'.join(words[::-1]) + '\n')
    for folder, what in ((longer, 'has 201 words'), (other, r'200 words, \[SEP\] 97')):
        with pytest.raises(ValueError, match=f'{what}.*trained with 200.*--vocabulary'):
            convert(checkpoint, 'x.safetensors', vocabulary=str(folder))
    with pytest.raises(FileNotFoundError, match='no tokenizer'):
        convert(checkpoint, 'x.safetensors', vocabulary=str(tmp_path / 'nowhere'))


def test_another_vocabulary_of_the_same_size(tool: ModuleType, tmp_path: Path) -> None:
    """Of 30,522 words there are others than bert-base-uncased's, of one field's texts."""
    words = save_vocabulary(tmp_path / 'bert', 30522) / 'vocab.txt'
    decoder = SimpleNamespace(tokenizer=PretrainedTokenizer(name=str(words.parent)))
    head = SimpleNamespace(decoder=decoder)
    name = tool.semantic_keys.CAPTION_DECODER + tool.semantic_keys.WORDS
    weights = {name: torch.empty(30522, 1)}
    tool.require_vocabulary(head, weights, weights, 'a.pth')
    words.write_text(
        words.read_text().replace('the\n', 'cell\n').replace('word7\n', 'the\n')
    )
    decoder.tokenizer = PretrainedTokenizer(name=str(words.parent))
    with pytest.raises(ValueError, match=r"others: 'the' is \[7\], not \[1996\]"):
        tool.require_vocabulary(head, weights, weights, 'a.pth')


def stage(weights: Weights, *prefixes: str) -> Weights:
    return {name: w for name, w in weights.items() if name.startswith(prefixes)}


@pytest.fixture(scope='module')
def starts(weights: Weights, folder: Path) -> dict[str, Path]:
    """What the release starts from: GTR's detector and GRiT's text decoder."""
    decoder = 'roi_heads.caption_text_decoder.'
    grit = {
        name.replace(decoder, 'roi_heads.text_decoder.'): weight
        for name, weight in stage(weights, decoder).items()
    }
    grit |= {'backbone.net.pos_embed': torch.zeros(1)}
    parts = {'gtr': stage(weights, 'backbone.', 'proposal_generator.'), 'grit': grit}
    parts['dla'] = {'base_layer.0.weight': torch.zeros(1)}
    for name, part in parts.items():
        torch.save({'model': part}, folder / f'{name}.pth')
    return {name: folder / f'{name}.pth' for name in parts}


def test_a_checkpoint_of_another_stage(
    starts: dict[str, Path], convert: Convert
) -> None:
    with pytest.raises(ValueError, match='is a detector alone.*--part detector takes'):
        convert(starts['gtr'], 'x.safetensors')
    with pytest.raises(ValueError, match='detector alone.*--part detector takes'):
        convert(starts['gtr'], 'x.safetensors', part='text_decoder')
    for part in ('model', 'detector'):
        with pytest.raises(ValueError, match='GRiT.*--part text_decoder takes'):
            convert(starts['grit'], 'x.safetensors', part=part)
    with pytest.raises(ValueError, match='is DLA-34 alone.*nothing is taken'):
        convert(starts['dla'], 'x.safetensors', part='detector')


def test_training_starts_from_the_detector(
    starts: dict[str, Path], convert: Convert, tool: ModuleType, weights: Weights
) -> None:
    out = convert(starts['gtr'], 'gtr.safetensors', part='detector')
    config = tool.load_config(CONFIG, SMALL).model.detector
    detector = MODELS.build(dict(config, checkpoint=str(out)))
    assert isinstance(detector, MMDetDetector)
    heatmap = detector.model.bbox_head.heatmap.weight
    assert torch.equal(heatmap, weights[f'{released_detector.HEAD}agn_hm.weight'])


def test_training_starts_from_the_text_decoder(
    starts: dict[str, Path],
    convert: Convert,
    tool: ModuleType,
    weights: Weights,
    folder: Path,
) -> None:
    out = convert(starts['grit'], 'grit.safetensors', part='text_decoder')
    start = dict(type='Pretrained', checkpoint=str(out))
    options = {**SMALL, f'{DECODER}.tokenizer.name': str(folder / 'bert')}
    options['model.semantics.instance_caption.init_cfg'] = start
    model = MODELS.build(tool.load_config(CONFIG, options).model.semantics)
    textual = 'roi_heads.caption_text_decoder.textual.'
    head = model.video_caption  # it shares decoder and projection
    words = head.decoder.model.get_output_embeddings().weight
    assert torch.equal(words, weights[f'{textual}embedding.words.weight'])
    projection = weights[f'{textual}object_feature_projection.0.weight']
    assert torch.equal(head.project[0].weight, projection)


class Evil:
    def __reduce__(self) -> tuple:
        return os.system, ('true',)


def test_files_that_are_no_checkpoint(
    checkpoint: Path, convert: Convert, tmp_path: Path
) -> None:
    torch.save({'model': {'x': Evil()}}, tmp_path / 'evil.pth')
    with pytest.raises(UnsafeCheckpointError, match=r'it wants posix\.system'):
        convert(tmp_path / 'evil.pth', 'x.safetensors')
    data = checkpoint.read_bytes()
    (tmp_path / 'half.pth').write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match='half.pth is damaged or no checkpoint'):
        convert(tmp_path / 'half.pth', 'x.safetensors')
    with pytest.raises(FileNotFoundError, match='there is no checkpoint'):
        convert(tmp_path / 'none.pth', 'x.safetensors')
    assert not list(tmp_path.glob('*.safetensors'))
