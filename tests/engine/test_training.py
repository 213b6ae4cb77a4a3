"""What training keeps through a kill, over processes, and with its options."""

from __future__ import annotations

import copy
import functools
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.runner import Runner

from mmsmot.models.language import CaptionTokenizer
from mmsmot.utils.checkpoint import load_checkpoint
from tests.engine import tiny_training
from tests.engine.tiny_training import SHUFFLED, Losses, Order, runner
from tests.models.language.test_tokenizer import TEXTS
from tests.models.semantics.test_trajectory_semantics import batch, sample

ROOT = Path(__file__).parents[2]


def train_in_a_process(*arguments: str) -> int:
    command = [sys.executable, '-m', tiny_training.__name__, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


@pytest.mark.parametrize(
    ('loop', 'die_after', 'kept', 'begun_again'),
    [
        # In the middle of the second epoch.
        ('epochs', 3, 'epoch_1.pth', 2),
        # Also saved in the middle of a round through the clips.
        ('iterations', 5, 'iter_3.pth', 3),
    ],
)
def test_killed_and_resumed_ends_like_uninterrupted(
    loop: str, die_after: int, kept: str, begun_again: int, tmp_path: Path
) -> None:
    """The same clips in the same order, though nobody named a seed; the same weights."""
    killed, whole = tmp_path / 'killed', tmp_path / 'whole'
    done = train_in_a_process(str(killed), loop, '--die-after', str(die_after))
    assert done == -signal.SIGKILL
    assert [p.name for p in killed.glob('*.pth')] == [kept]
    seed = load_checkpoint(killed / kept)['meta']['seed']
    (killed / 'last_checkpoint').write_text('')  # as where the kill hits its writing
    assert train_in_a_process(str(killed), loop, '--resume') == 0
    order = Order(tmp_path / 'whole.txt')
    runner(whole, [order], schedule=SHUFFLED[loop], seed=seed).train()
    lines = order.path.read_text().splitlines()
    assert [line.split()[0] for line in lines] == list('012345')
    assert (killed / 'begun.txt').read_text().splitlines() == lines[: die_after + 1]
    assert (killed / 'resumed.txt').read_text().splitlines() == lines[begun_again:]
    (last,) = {'epoch_3.pth', 'iter_6.pth'} & {p.name for p in killed.glob('*.pth')}
    expected = load_checkpoint(whole / last)['state_dict']
    for name, weight in load_checkpoint(killed / last)['state_dict'].items():
        torch.testing.assert_close(weight, expected[name], atol=1e-6, rtol=1e-5)


def test_a_sampler_keeps_the_seed_that_its_config_names(tmp_path: Path) -> None:
    schedule = copy.deepcopy(SHUFFLED['epochs'])
    schedule['sampler']['seed'] = 5
    runner(tmp_path, [], max_epochs=1, schedule=schedule, seed=None).train()
    resumed = runner(
        tmp_path, [], max_epochs=2, schedule=schedule, seed=None, resume=True
    )
    resumed.train()
    assert resumed.train_dataloader.sampler.seed == 5


def test_weights_of_another_config_are_refused(tmp_path: Path) -> None:
    """MMEngine would go on with random weights in their place, and print scores."""
    training = runner(tmp_path / 'run', [], max_epochs=1)
    weights = dict(training.model.state_dict())
    name = 'semantics.interaction.mlp.0.weight'
    older = tmp_path / 'older.pth'
    torch.save({'state_dict': weights | {name: weights[name][:, :-1]}}, older)
    with pytest.raises(ValueError, match=rf'older.pth belongs to another .*{name}'):
        training.load_checkpoint(str(older))
    stranger = tmp_path / 'stranger.pth'
    torch.save({'state_dict': {'backbone.weight': torch.zeros(1)}}, stranger)
    with pytest.raises(ValueError, match='belongs to another config'):
        training.load_checkpoint(str(stranger))


def test_training_begins_with_a_part_and_the_rest_wants_all(
    tmp_path: Path, monkeypatch
) -> None:
    training = runner(tmp_path / 'run', [], max_epochs=1)
    part = {
        name: weight + 1
        for name, weight in training.model.state_dict().items()
        if name.startswith('estimator.detector.')
    }
    torch.save({'state_dict': part}, tmp_path / 'detector.pth')
    training.load_checkpoint(str(tmp_path / 'detector.pth'))
    loaded = training.model.state_dict()
    assert all(torch.equal(loaded[name], weight) for name, weight in part.items())
    load = functools.partial(training.load_checkpoint, str(tmp_path / 'detector.pth'))
    monkeypatch.setattr(training, '_resume', True)
    with pytest.raises(ValueError, match='weights missing .*semantics'):
        load()
    monkeypatch.setattr(training, '_resume', False)
    monkeypatch.setattr(Runner, 'test', lambda self: load())
    with pytest.raises(ValueError, match='weights missing .*semantics'):
        training.test()


def test_a_test_with_other_options_is_warned_of(tmp_path: Path, monkeypatch) -> None:
    training = runner(tmp_path, [], max_epochs=1)
    training.cfg.model = dict(detector=dict(score_power=0.5), semantics=dict(roi=1))
    training.train()
    told = []
    monkeypatch.setattr(training.logger, 'warning', told.append)
    path = str(tmp_path / 'epoch_1.pth')
    monkeypatch.setattr(Runner, 'test', lambda self: self.load_checkpoint(path))
    training.test()
    assert not told
    training.cfg.model.detector.score_power = 1.0
    training.test()
    assert 'options than this config has: model.detector.score_power (0.5 t' in told[0]
    training.cfg.model.semantics |= {name: 2 for name in 'abcdefg'}
    training.test()
    assert 'model.semantics.d (not set there, 2 here) and 3 more.' in told[1]


def worker(rank: int, port: int, out: str) -> None:
    os.environ.update(
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE='2',
    )
    losses = Losses()
    training = runner(Path(out), [losses], batch_size=1, launcher='pytorch')
    training.train()
    torch.distributed.destroy_process_group()
    Path(out, f'{rank}.json').write_text(json.dumps(losses.seen))


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    """Losses within 1e-4, iteration by iteration: a batch of 2 and twice one of 1."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(worker, (port, str(tmp_path)), nprocs=2)
    alone = Losses()
    runner(tmp_path / 'alone', [alone]).train()
    ranks = [json.loads((tmp_path / f'{rank}.json').read_text()) for rank in (0, 1)]
    assert len(ranks[0]) == len(alone.seen) == 4
    for one, two, expected in zip(*ranks, alone.seen, strict=True):
        assert {'loss_cls', 'loss_video_caption', 'loss_interaction'} <= expected.keys()
        for name, value in expected.items():
            mean = (one[name] + two[name]) / 2
            assert mean == pytest.approx(value, rel=1e-4, abs=1e-4), name
    assert alone.seen[0]['loss'] - alone.seen[2]['loss'] > 1e-3


def test_an_averaged_model_is_saved_with_its_words(tmp_path: Path) -> None:
    runner(tmp_path, [EMAHook(momentum=0.5)], max_epochs=1).train()
    checkpoint = load_checkpoint(tmp_path / 'epoch_1.pth')
    words = [k for k in checkpoint['state_dict'] if 'tokenizer' in k]
    assert len(words) == 2  # of both heads, which share a decoder
    for key in words:
        for state in (
            checkpoint['state_dict'][key],
            checkpoint['ema_state_dict'][f'module.{key}'],
        ):
            tokenizer = CaptionTokenizer(vocab_size=320)
            tokenizer.set_extra_state(state)
            assert tokenizer.is_trained
    # The averaged weights are the ones to be tested; the others lie beside them.
    name = 'semantics.interaction.mlp.0.weight'
    averaged = checkpoint['state_dict'][name]
    assert not torch.equal(averaged, checkpoint['ema_state_dict'][f'module.{name}'])
    resumed = runner(tmp_path, [EMAHook(momentum=0.5)], max_epochs=2, resume=True)
    resumed.train()
    assert (tmp_path / 'epoch_2.pth').is_file()


def test_accumulation_steps_every_second_time(tmp_path: Path) -> None:
    training = runner(tmp_path, [], max_epochs=1, optim=dict(accumulative_counts=2))
    weight = training.model.semantics.interaction.mlp[0].weight
    states = [weight.detach().clone()]

    class Watch(Losses):
        def after_train_iter(self, *args, **kwargs) -> None:
            states.append(weight.detach().clone())

    training.register_hook(Watch())
    training.train()
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[1], states[2])


def test_mixed_precision_gives_about_the_same_losses() -> None:
    torch.manual_seed(0)
    model = tiny_training.model().train()
    model.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    exact = model.loss(**batch(sample()))
    with torch.autocast('cpu', torch.bfloat16):
        rough = model.loss(**batch(sample()))
    for name, value in exact.items():
        assert float(rough[name]) == pytest.approx(float(value), rel=0.05), name
    sum(rough.values()).backward()
    assert all(
        p.grad.isfinite().all() for p in model.parameters() if p.grad is not None
    )
