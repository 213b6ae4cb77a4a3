"""The verbs of interactions: what an annotation's string stands for, and its index."""

from __future__ import annotations

import difflib
import functools
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from unicodedata import category

from ..utils.json_file import read_json
from ..utils.text_file import read_text

BENSMOT_FILE = Path(__file__).parent / 'vocabularies' / 'bensmot.json'
MODES = ('clean335', 'canonical329', 'raw359')


class InteractionVocabulary:
    """The verbs an interaction head chooses from, and how annotations spell them.

    BenSMOT's annotations hold 359 different strings; its paper counts 335 verbs
    (section 3.3). The modes are:

    - ``'clean335'``: the paper's. 20 misspellings are mended (``smlie.v.01``), 3 strings
      that are two verbs run together are split, 5 judgement calls are made
      (``wipe.v.02``, which WordNet has not, is ``wipe.v.01``).
    - ``'canonical329'``: also 6 malformed senses (``look.v.1``) become their twin.
    - ``'raw359'``: every string as annotated.

    Args:
        verbs: A mode; or the verbs of a dataset of one's own, in the order of their
            indices; or a file of them (``.json``: a list; else one a line). With verbs
            of one's own, BenSMOT's misspellings are mended where that gives one of them.

    Attributes:
        verbs: The verbs; a verb's position is its index.

    Raises:
        FileNotFoundError: There is neither such a mode nor such a file.
        ValueError: A verb is empty or stands twice.
    """

    def __init__(self, verbs: str | os.PathLike | Sequence[str] = 'clean335') -> None:
        tables = _bensmot_tables()
        self._spellings: dict[str, tuple[str, ...]] = tables['canonical329'][1]
        if isinstance(verbs, str) and verbs in MODES:
            self.verbs, self._spellings = tables[verbs]
        elif isinstance(verbs, str | os.PathLike):
            self.verbs = _read_verbs(Path(verbs))
        else:
            self.verbs = tuple(verbs)
        if not self.verbs or not all(
            isinstance(v, str) and v.strip() for v in self.verbs
        ):
            raise ValueError(
                'InteractionVocabulary: every verb must be a text, not empty'
            )
        self._indices = {verb: index for index, verb in enumerate(self.verbs)}
        if len(self._indices) < len(self.verbs):
            twice = [v for v, count in Counter(self.verbs).items() if count > 1]
            raise ValueError(f'InteractionVocabulary: {twice[:5]} stand twice')

    def __len__(self) -> int:
        return len(self.verbs)

    def __contains__(self, verb: object) -> bool:
        return verb in self._indices

    def __getitem__(self, index: int) -> str:
        return self.verbs[index]

    def __repr__(self) -> str:
        return f'InteractionVocabulary({len(self)} verbs)'

    def index(self, verb: str) -> int:
        """The index of a verb of the vocabulary.

        Raises:
            KeyError: It is none; names the nearest.
        """
        try:
            return self._indices[verb]
        except KeyError:
            raise KeyError(self.unknown_message(verb)) from None

    def canonical(
        self, text: str, unknown: Counter[str] | None = None
    ) -> tuple[str, ...]:
        """The verbs that an annotation's string stands for, none of them twice.

        The string may be a list with commas; blanks and a full stop before a verb, and
        upper case, are no matter.

        Args:
            text: As annotated.
            unknown: Counts the verbs that are not in the vocabulary, which are left
                out; where it is ``None`` they are an error.

        Raises:
            ValueError: A verb is not in the vocabulary; names the nearest.
        """
        known_verbs: dict[str, None] = {}
        for part in text.split(','):
            if not part.strip(' .\t\r\n'):
                continue
            verbs = self._lookup(part.lower())
            if verbs is None:
                verb = part.strip().lstrip('.').lower()
                if unknown is None:
                    raise ValueError(self.unknown_message(verb))
                unknown[verb] += 1
                continue
            known_verbs.update(dict.fromkeys(verbs))
        return tuple(known_verbs)

    def _lookup(self, part: str) -> tuple[str, ...] | None:
        # In raw359 a blank at the end makes another string, so it is looked for first.
        cut = part[1:] if part[:1] in (' ', '.') else part  # no letter of the verb
        for spelling in (part, cut, part.strip(), part.strip().lstrip('. ')):
            if spelling in self._indices:
                return (spelling,)
            verbs = self._spellings.get(spelling, ())
            if verbs and all(verb in self._indices for verb in verbs):
                return verbs
        return None

    def unknown_message(self, verb: str) -> str:
        """What to tell of a verb that is not in the vocabulary: the nearest."""
        matches = difflib.get_close_matches(verb, self.verbs, n=3, cutoff=0.5)
        hint = f'; near to it: {", ".join(matches)}' if matches else ''
        return (
            f'verb {verb!r} is not among the {len(self)} of the interaction vocabulary'
            f'{hint}. Correct the annotation, or choose a vocabulary that has it.'
        )


@functools.cache
def _bensmot_tables() -> dict[str, tuple[tuple[str, ...], dict[str, tuple[str, ...]]]]:
    """By mode: the verbs, and the other strings that stand for some of them."""
    content = json.loads(BENSMOT_FILE.read_text(encoding='utf-8'))
    clean: dict[str, tuple[str, ...]] = {}
    for part in ('misspelled', 'joined', 'judgement_calls'):
        for raw, verbs in content[part].items():
            clean[raw] = (verbs,) if isinstance(verbs, str) else tuple(verbs)
    folds = content['malformed_senses']
    canonical = {
        raw: tuple(folds.get(v, v) for v in verbs) for raw, verbs in clean.items()
    }
    canonical.update({raw: (verb,) for raw, verb in folds.items()})

    def verbs_of(spellings: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        plain = {raw for raw in content['raw359'] if raw not in spellings}
        return tuple(sorted(plain.union(*spellings.values())))

    return {
        'clean335': (verbs_of(clean), clean),
        'canonical329': (verbs_of(canonical), canonical),
        'raw359': (tuple(sorted(content['raw359'])), {}),
    }


def _read_verbs(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise FileNotFoundError(
            f'interaction vocabulary {str(path)!r} is neither a mode '
            f'({", ".join(MODES)}) nor a file of verbs'
        )
    if path.suffix != '.json':
        try:
            text = read_text(path)
        except UnicodeDecodeError as error:
            raise ValueError(
                f'{path}: expected a text in UTF-8, one verb a line: {error}'
            ) from error
        if any(category(c) == 'Cc' and not c.isspace() for c in text):
            raise ValueError(
                f'{path}: holds control characters, so it is no list of verbs'
            )
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    verbs = read_json(path)
    if not isinstance(verbs, list):
        raise ValueError(
            f'{path}: expected a list of verbs, got {type(verbs).__name__}'
        )
    return tuple(verbs)
