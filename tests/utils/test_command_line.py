"""A tool ends in one line where its user can mend what is wrong."""

from __future__ import annotations

import argparse
import errno
import gc
import logging
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmsmot.engine.hooks import CheckInvalidLossHook
from mmsmot.engine.out_of_memory import explain_out_of_memory
from mmsmot.structures import Trajectories
from mmsmot.utils.command_line import (
    CfgOptions,
    count_arg,
    fraction_arg,
    positive_arg,
    run_tool,
    seed_arg,
    tool_imports,
)


def end(error: BaseException) -> None:
    raise error


def nonsense() -> None:
    Trajectories([1], [1], np.array([[5.0, 5, 1, 1]]))


def no_memory() -> None:
    with explain_out_of_memory(Config(), training=False):
        raise torch.OutOfMemoryError('CUDA out of memory')


def no_number() -> None:
    runner = SimpleNamespace(iter=3, work_dir='/nowhere')
    weights = {'w': torch.tensor(torch.nan)}
    CheckInvalidLossHook().before_save_checkpoint(runner, {'state_dict': weights})


def slip() -> None:
    np.concatenate([np.zeros((2, 2)), np.zeros((3, 3))])


class Nonsense(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> None:
        nonsense()


def in_a_loaders_worker() -> None:
    next(iter(torch.utils.data.DataLoader(Nonsense(), num_workers=1)))


def in_a_pools_worker() -> None:
    with ProcessPoolExecutor(1, get_context('fork')) as pool:
        pool.submit(nonsense).result()


def slip_in_a_pools_worker() -> None:
    with ProcessPoolExecutor(1, get_context('fork')) as pool:
        pool.submit(slip).result()


def deep() -> None:
    deep()


def too_deep() -> None:
    """Nothing is collected at full depth, where a destructor could only fail."""
    gc.disable()
    try:
        deep()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ('main', 'line'),
    [
        (Path('/nowhere/at.all').read_text, 'No such file or directory'),
        (lambda: end(ImportError('needs av')), 'ImportError: needs av'),
        (
            lambda: end(
                ModuleNotFoundError('No module named x', name='transformers.a')
            ),
            "No module named x; get it by  pip install 'mmsmot[semantics]'",
        ),
        (nonsense, 'ValueError: Trajectories: box 0 is empty or inverted'),
        (in_a_loaders_worker, 'ValueError: Trajectories: box 0 is empty or inverted'),
        (in_a_pools_worker, 'ValueError: Trajectories: box 0 is empty or inverted'),
        (no_memory, 'MemoryError: out of memory (CUDA out of memory'),
        (no_number, 'FloatingPointError: the weight w is not finite after'),
        (lambda: np.empty(1 << 55), 'Unable to allocate 256. PiB'),
        (lambda: np.array([1 << 70]).astype(int), 'OverflowError: '),
        (too_deep, 'RecursionError: maximum recursion depth'),
        (lambda: '\ud800'.encode(), 'UnicodeEncodeError: '),
        (
            Path('a\0b').read_text,
            'ValueError: embedded null byte: an argument is no path',
        ),
        (lambda: end(RuntimeError("Symlink loop from 'x'")), "Symlink loop from 'x'"),
        (
            lambda: end(
                RuntimeError('I/O error: No space left on device (os error 28)')
            ),
            'No space left on device',
        ),
        (lambda: end(OSError(errno.EIO, 'a\x1b[2Jb')), r'a\x1b[2Jb'),
    ],
)
def test_one_line(main, line: str) -> None:
    with pytest.raises(SystemExit) as caught:
        run_tool(main)
    assert line in caught.value.code
    assert len(caught.value.code.splitlines()) == 1


@pytest.mark.parametrize(
    ('main', 'error'),
    [
        (slip, ValueError),  # NumPy raises it: nobody can tell what is wrong
        (slip_in_a_pools_worker, ValueError),
        (lambda: {}['key'], KeyError),
        (lambda: end(FloatingPointError('in the code of a user')), FloatingPointError),
        (lambda: end(ValueError('in the code of a user')), ValueError),
        (lambda: end(OSError()), OSError),
    ],
)
def test_a_bug_keeps_its_traceback(main, error: type) -> None:
    with pytest.raises(error):
        run_tool(main)


def test_the_whole_traceback_may_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('MMSMOT_TRACEBACK', '1')
    with pytest.raises(ValueError, match='inverted'):
        run_tool(nonsense)


def test_an_interrupt(capsys: pytest.CaptureFixture) -> None:
    for block in (run_tool, lambda main: tool_imports().__enter__() or main()):
        with pytest.raises((SystemExit, KeyboardInterrupt)):
            block(lambda: end(KeyboardInterrupt()))
    with pytest.raises(SystemExit) as caught:
        run_tool(lambda: end(KeyboardInterrupt()), 'checkpoints are kept')
    assert caught.value.code == 130
    err = capsys.readouterr().err
    assert err.startswith('interrupted; what was finished is kept')
    assert err.endswith('interrupted; checkpoints are kept\n')


def test_an_interrupt_that_another_error_hides(capsys: pytest.CaptureFixture) -> None:
    def format_config() -> None:
        try:
            raise KeyboardInterrupt
        except:  # noqa: E722 - as MMEngine does around yapf
            raise SyntaxError('Failed to format the config file')  # noqa: B904

    with pytest.raises(SystemExit) as caught:
        run_tool(format_config)
    assert caught.value.code == 130
    assert (
        capsys.readouterr().err
        == 'interrupted; what was finished is kept, the same command goes on\n'
    )


def test_an_exit_code_is_passed_on(capsys: pytest.CaptureFixture) -> None:
    assert run_tool(lambda: None) is None
    for main, code in ((lambda: 0, 0), (lambda: 1, 1), (nonsense, 2)):
        with pytest.raises(SystemExit) as caught:
            run_tool(main, failed=2)
        assert caught.value.code == code
    assert capsys.readouterr().err.startswith('ValueError: Trajectories')


def test_a_package_that_is_missing_is_named_with_its_command() -> None:
    with pytest.raises(SystemExit) as caught, tool_imports():
        raise ModuleNotFoundError("No module named 'torch'", name='torch.nn')
    assert caught.value.code == (
        "ModuleNotFoundError: No module named 'torch'; get it by  pip install torch"
    )
    with pytest.raises(KeyError), tool_imports():
        raise KeyError('a bug')


def test_whoever_reads_the_output_may_have_enough() -> None:
    code = (
        'import signal\n'
        'from mmsmot.utils.command_line import run_tool\n'
        'run_tool(lambda: print("x" * 10**6))'
    )
    command = [sys.executable, '-c', code]
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with subprocess.Popen(command, **pipes) as tool:
        tool.stdout.close()
        assert tool.stderr.read() == b''
    assert tool.returncode == 0


def test_another_pipe_that_breaks_is_an_error() -> None:
    def write_to_a_process_that_ended() -> None:
        reader, writer = os.pipe()
        os.close(reader)
        try:
            os.write(writer, b'x')
        finally:
            os.close(writer)

    with pytest.raises(SystemExit) as caught:
        run_tool(write_to_a_process_that_ended)
    assert 'BrokenPipeError: [Errno 32] Broken pipe' in caught.value.code


@pytest.mark.parametrize('options', [[], ['-u']])
def test_a_reader_that_ended_before_a_short_output(options: list[str]) -> None:
    code = (
        'import sys\n'
        'from mmsmot.utils.command_line import run_tool\n'
        'run_tool(lambda: print("x"))'
    )
    command = [sys.executable, *options, '-c', code]
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with subprocess.Popen(command, **pipes) as tool:
        tool.stdout.close()
        assert tool.stderr.read() == b''
    assert tool.returncode == 0


def test_what_is_logged_is_shown_without_control_characters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = logging.getLogRecordFactory()
    try:
        logging.setLogRecordFactory(logging.LogRecord)
        run_tool(lambda: logging.getLogger('x').error('%s: gone', 'a\x1b]0;b\x07\n'))
        run_tool(lambda: None)  # wraps the factory once
        assert logging.getLogRecordFactory().make is logging.LogRecord
    finally:
        logging.setLogRecordFactory(before)
    assert caplog.messages == ['a\\x1b]0;b\\x07\n: gone']


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        ('model.tracker.max_age', 'expected KEY=VALUE'),
        ('=5', 'expected KEY=VALUE'),
        ('a=[1,(2]', 'a: no value: Imbalanced brackets'),
        ('a=' + '[' * 3000 + ']' * 3000, 'a: no value'),
        ('a=dict(type=SORT)', "a: no value: 'SORT' is no literal: put texts in quotes"),
        ("a=dict(type='SORT'", 'a: no value: no Python dict'),
        ("a=dict(type=open('x'))", """a: no value: "open('x')" is no literal"""),
        ('a={**b}', "a: no value: '{**b}' is no literal"),
        ("a=dict('b')", """a: no value: "dict('b')" is no literal"""),
        ('a=dict(b=' + '-' * 100_000 + '1)', 'a: no value: no Python dict'),
    ],
)
def test_options_that_are_none(value: str, message: str, capsys) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions, default={})
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(['--cfg-options', value])
    assert caught.value.code == 2
    assert f'--cfg-options: {message}' in capsys.readouterr().err


def test_options() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions, default={})
    args = ['--cfg-options', 'a=1', 'b=x=y', '--cfg-options', 'c=[1,2]']
    assert parser.parse_args(args).cfg_options == {'a': 1, 'b': 'x=y', 'c': [1, 2]}
    assert parser.parse_args([]).cfg_options == {}


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ("dict(type='SORT', max_age=3)", dict(type='SORT', max_age=3)),
        ("{'type': 'SORT', 'gate': None}", dict(type='SORT', gate=None)),
        (
            "[dict(type='A', part=dict(size=(3, 2))), {'b': -1.5}]",
            [dict(type='A', part=dict(size=(3, 2))), dict(b=-1.5)],
        ),
        ('dict()', {}),
        ('tracks/{name}.txt', 'tracks/{name}.txt'),  # a file's name may have braces
        ('{name}.txt', '{name}.txt'),
        ('[{name}.txt,b]', ['{name}.txt', 'b']),
        ('dictionary.txt', 'dictionary.txt'),
    ],
)
def test_options_that_are_parts(text: str, value) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=CfgOptions, default={})
    args = parser.parse_args(['--cfg-options', f'model.part={text}'])
    assert args.cfg_options == {'model.part': value}


@pytest.mark.parametrize(
    ('kind', 'good', 'bad'),
    [
        (seed_arg, {'0': 0, '4294967295': 4294967295}, ['-1', str(2**32), '1.5', 'x']),
        (count_arg, {'3': 3}, ['0', '-3', '1_0', '9' * 5000]),
        (positive_arg, {'.5': 0.5}, ['0', '-1', 'inf', 'nan', '1e999']),
        (fraction_arg, {'1': 1.0}, ['1.1', '-0.1']),
    ],
)
def test_numbers(kind, good: dict, bad: list, capsys) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--number', type=kind)
    for text, value in good.items():
        assert parser.parse_args(['--number', text]).number == value
    for text in bad:
        with pytest.raises(SystemExit):
            parser.parse_args([f'--number={text}'])
        assert 'argument --number: expected a ' in capsys.readouterr().err
