"""One Java process with the PTB tokenizer and METEOR."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

CLASSES = Path(__file__).parent / 'java'
JARS = ('meteor/meteor-1.5.jar', 'tokenizer/stanford-corenlp-3.4.1.jar')
SEPARATOR = ' ||| '
HEAP = '2G'  # of java at most
# METEOR's tables load in seconds and a caption takes milliseconds
# (tools/benchmarks/semantic_evaluation.py): java that needs minutes hangs.
START_SECONDS = 300.0
SECONDS_PER_CAPTION = 0.1
# Numbers with decimal points and text in UTF-8, whatever the machine's locale; they win
# over JAVA_TOOL_OPTIONS and the environment.
LOCALE_OPTIONS = ('-Duser.language=en', '-Duser.country=US', '-Dfile.encoding=UTF-8')


class CaptionServerError(RuntimeError):
    """Java is missing, died, or gave no answer."""


class CaptionServer:
    """One Java process for all captions of an evaluation.

    It starts when it is made and loads METEOR's tables while captions are
    tokenized and other scores are computed. It ends with this process, also where that
    is killed. Calls are not to be mixed from several threads.

    Args:
        java: The program.
        start_seconds: An answer may take so long, and ``SECONDS_PER_CAPTION`` for each
            caption on top; then java is ended and the call raises.

    Raises:
        CaptionServerError: There is no java, or no pycocoevalcap with its jars.
    """

    def __init__(
        self, java: str = 'java', *, start_seconds: float = START_SECONDS
    ) -> None:
        self.start_seconds = start_seconds
        self._overdue: str | None = None  # why java was ended
        self._meteor_of_line: dict[str, float] = {}  # of lines scored before
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        try:
            self._process = subprocess.Popen(
                _command(java),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                # Under the locale C Java finds no class below a folder like Müller.
                env=os.environ | {'LC_ALL': 'C.UTF-8'},
                text=True,
                encoding='utf-8',
                errors='replace',  # JSON may hold half a surrogate pair
            )
        except BaseException:
            self._log.close()
            raise
        assert self._process.stdin is not None  # as they are pipes
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def tokenize(self, captions: Sequence[str]) -> list[str]:
        """Lower-case Penn Treebank tokens of each caption, separated by blanks."""
        return self._ask('TOKENIZE', list(map(_one_line, captions)), len(captions))

    def meteor(
        self, references: Sequence[Sequence[str]], hypotheses: Sequence[str]
    ) -> tuple[list[float], float]:
        """METEOR 1.5 of tokenized captions.

        Args:
            references: One or more of each hypothesis.
            hypotheses: N captions.

        Returns:
            N segment scores and the score of the whole corpus, in [0, 1].
        """
        lines = _meteor_lines(references, hypotheses)
        *segments, corpus = map(float, self._ask('METEOR', lines, len(lines) + 1))
        self._meteor_of_line.update(zip(lines, segments, strict=True))
        return segments, corpus

    def meteor_segments(
        self, references: Sequence[Sequence[str]], hypotheses: Sequence[str]
    ) -> list[float]:
        """The segment scores of :meth:`meteor`; each distinct line is scored once."""
        lines = _meteor_lines(references, hypotheses)
        new = [
            line for line in dict.fromkeys(lines) if line not in self._meteor_of_line
        ]
        if new:
            answer = self._ask('METEOR', new, len(new) + 1)
            self._meteor_of_line.update(zip(new, map(float, answer[:-1]), strict=True))
        return [self._meteor_of_line[line] for line in lines]

    def close(self) -> None:
        """End the process. Closing twice does nothing."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._answers.close()
        self._log.close()
        with contextlib.suppress(BrokenPipeError):  # what a dead one had not read
            self._requests.close()

    def __enter__(self) -> CaptionServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, command: str, lines: list[str], answers: int) -> list[str]:
        """Send a request and read its answer, a line at a time."""
        if self._requests.closed:
            raise self._dead(command)
        limit = self.start_seconds + SECONDS_PER_CAPTION * len(lines)
        # Its end ends every wait for a pipe; reading with a time limit would need select,
        # which knows no pipes on Windows.
        timer = threading.Timer(limit, self._give_up, [command, limit])
        timer.daemon = True
        timer.start()
        try:
            return self._exchange(command, lines, answers)
        finally:
            timer.cancel()

    def _exchange(self, command: str, lines: list[str], answers: int) -> list[str]:
        try:
            # The server reads a whole request before it answers: no pipe fills up.
            self._requests.write('\n'.join([f'{command} {len(lines)}', *lines, '']))
            self._requests.flush()
        except BrokenPipeError as error:
            raise self._dead(command) from error
        answer = []
        for _ in range(answers):
            line = self._answers.readline()
            if not line.endswith('\n'):
                raise self._dead(command)
            answer.append(line[:-1])
        return answer

    def _give_up(self, command: str, limit: float) -> None:
        self._overdue = (
            f'java gave no answer to {command} within {limit:g} s and was ended. METEOR '
            f'needs up to {HEAP}B of memory and a processor core to itself; try again '
            'on a machine that has both.'
        )
        self._process.kill()

    def _dead(self, command: str) -> CaptionServerError:
        if self._overdue is not None:
            return CaptionServerError(self._overdue)
        report = ''
        if not self._log.closed:
            self._log.seek(0)
            report = self._log.read().decode('utf-8', 'replace').strip()[-500:]
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)  # its pipes close a little before it ends
        return CaptionServerError(
            f'java died during {command} (exit code {self._process.poll()}). '
            f'METEOR needs up to {HEAP}B of memory. Its messages: {report or "none"}'
        )


def _command(java: str) -> list[str]:
    program = shutil.which(java)
    if program is None:
        raise CaptionServerError(
            f'no {java} on the PATH: METEOR and the PTB tokenizer need a Java runtime '
            '(8 or newer): apt install default-jre-headless, or conda install openjdk'
        )
    spec = find_spec('pycocoevalcap')
    if spec is None or not spec.submodule_search_locations:
        raise CaptionServerError(
            "pycocoevalcap is missing: pip install 'mmsmot[captions]'"
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    paths = [str(package / jar) for jar in JARS]
    missing = [path for path in paths if not Path(path).is_file()]
    if missing:
        raise CaptionServerError(
            f'pycocoevalcap lacks {missing[0]}: reinstall it (pip install '
            '--force-reinstall pycocoevalcap)'
        )
    classes = os.pathsep.join([*paths, str(CLASSES)])
    return [program, *LOCALE_OPTIONS, f'-Xmx{HEAP}', '-cp', classes, 'CaptionServer']


def _meteor_lines(
    references: Sequence[Sequence[str]], hypotheses: Sequence[str]
) -> list[str]:
    lines = []
    for texts, hypothesis in zip(references, hypotheses, strict=True):
        clean = (_one_line(t).replace('|||', ' ') for t in (hypothesis, *texts))
        lines.append(SEPARATOR.join(clean))
    return lines


def _one_line(text: str) -> str:
    """Whatever breaks lines in Java or Python is a blank in a caption."""
    return ' '.join(text.split())
