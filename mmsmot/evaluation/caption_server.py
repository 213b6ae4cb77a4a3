"""The PTB tokenizer and METEOR, which are Java, behind one process."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

CLASSES = Path(__file__).parent / 'java'
JARS = ('meteor/meteor-1.5.jar', 'tokenizer/stanford-corenlp-3.4.1.jar')
SEPARATOR = ' ||| '


class CaptionServerError(RuntimeError):
    """Java is missing, or died."""


class CaptionServer:
    """One Java process for all captions of an evaluation.

    It starts when it is made and loads METEOR's tables (about 10 s) while captions are
    tokenized and other scores are counted. Calls are not to be mixed from several
    threads.

    Raises:
        CaptionServerError: There is no java, or no pycocoevalcap with its jars.
    """

    def __init__(self, java: str = 'java') -> None:
        self._known: dict[str, float] = {}  # METEOR by line asked
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        try:
            self._process = subprocess.Popen(
                _command(java),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
                encoding='utf-8',
                errors='replace',  # JSON may hold half a surrogate pair
            )
        except BaseException:
            self._log.close()
            raise

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
        self._known.update(zip(lines, segments, strict=True))
        return segments, corpus

    def meteor_segments(
        self, references: Sequence[Sequence[str]], hypotheses: Sequence[str]
    ) -> list[float]:
        """The segment scores of :meth:`meteor`, without asking anything twice."""
        lines = _meteor_lines(references, hypotheses)
        new = [line for line in dict.fromkeys(lines) if line not in self._known]
        if new:
            answer = self._ask('METEOR', new, len(new) + 1)
            self._known.update(zip(new, map(float, answer[:-1]), strict=True))
        return [self._known[line] for line in lines]

    def close(self) -> None:
        """End the process. Closing twice does nothing."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdout, self._log):
            pipe.close()
        with contextlib.suppress(BrokenPipeError):  # what a dead one had not read
            self._process.stdin.close()

    def __enter__(self) -> CaptionServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, what: str, lines: list[str], answers: int) -> list[str]:
        """Send a request and read its answer, a line at a time."""
        if self._process.stdin.closed:
            raise self._dead(what)
        try:
            # The server reads a whole request before it answers: no pipe fills up.
            self._process.stdin.write('\n'.join([f'{what} {len(lines)}', *lines, '']))
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._dead(what) from error
        found = []
        for _ in range(answers):
            line = self._process.stdout.readline()
            if not line.endswith('\n'):
                raise self._dead(what)
            found.append(line[:-1])
        return found

    def _dead(self, what: str) -> CaptionServerError:
        said = ''
        if not self._log.closed:
            self._log.seek(0)
            said = self._log.read().decode('utf-8', 'replace').strip()[-500:]
        return CaptionServerError(
            f'java died during {what} (exit code {self._process.poll()}). '
            f'METEOR needs about 1.5 GB of memory. It said: {said or "nothing"}'
        )


def _command(java: str) -> list[str]:
    program = shutil.which(java)
    if program is None:
        raise CaptionServerError(
            f'no {java} on the PATH: METEOR and the PTB tokenizer need a Java runtime '
            '(8 or newer): apt install default-jre-headless, or conda install openjdk'
        )
    spec = find_spec('pycocoevalcap')
    if spec is None:
        raise CaptionServerError(
            "pycocoevalcap is missing: pip install 'mmsmot[captions]'"
        )
    home = Path(next(iter(spec.submodule_search_locations)))
    paths = [str(home / jar) for jar in JARS]
    missing = [path for path in paths if not Path(path).is_file()]
    if missing:
        raise CaptionServerError(
            f'pycocoevalcap lacks {missing[0]}: reinstall it (pip install '
            '--force-reinstall pycocoevalcap)'
        )
    classes = os.pathsep.join([*paths, str(CLASSES)])
    return [program, '-Xmx2G', '-cp', classes, 'CaptionServer']


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
