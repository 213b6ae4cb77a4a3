"""From plain English to the verbs of a vocabulary."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from .vocabulary import InteractionVocabulary

FORMS_FILE = Path(__file__).parent / 'vocabularies' / 'verb_forms.json'
CLAUSE_ENDS = re.compile(r'[.,;:!?\n()"]+|\b(?:and|while|but|then|as)\b|&')
WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")
LEFT_OUT = frozenset(
    ['a', 'an', 'the', 'his', 'her', 'their', 'its', 'your', 'my', 'this', 'that']
)
NEGATIONS = frozenset(
    ['not', 'no', 'never', 'nobody', 'none', 'nothing', 'neither', 'nor', 'without']
)


class VerbForms:
    """Finds verbs of a vocabulary in an answer such as "She hugs him, talking".

    The third person (``hugs``) and the present participle (``hugging``) count wherever
    they stand, the plain form (``hug``) only where a clause begins with it: ``dress`` or
    ``light`` inside a sentence are rarely verbs. The past does not count, since ``is
    followed by`` turns the roles round. Of overlapping finds the longest is taken
    (``take off`` before ``take``). Which sense a verb stands for, and its synonyms, are
    in ``vocabularies/verb_forms.json``.

    Args:
        vocabulary: The verbs.
    """

    def __init__(self, vocabulary: InteractionVocabulary) -> None:
        self._inflected: dict[tuple[str, ...], str] = {}
        self._plain: dict[tuple[str, ...], str] = {}
        irregular = _forms()['irregular']
        for phrase, verb in _verbs_by_phrase(vocabulary).items():
            words = tuple(phrase.split())
            self._plain[words] = verb
            for form in irregular.get(phrase) or inflected_verb(phrase):
                self._inflected[tuple(form.split())] = verb
        self._longest = max(map(len, [*self._inflected, ()]), default=0)

    def find(
        self, answer: str, subject_word: str = '', object_word: str = ''
    ) -> tuple[str, ...] | None:
        """The verbs that an answer names.

        Args:
            answer: A generated text; the case does not matter.
            subject_word: The word for the subject of the interaction (``'red'``).
            object_word: The word for its object (``'blue'``). A clause that names the
                object first, before its verb, describes what the object does and is
                left out.

        Returns:
            The verbs, none of them twice, in the order of the answer; none where it says
            that nothing happens; ``None`` where it names no verb of the vocabulary.
        """
        text = answer.strip().lower()
        names_nothing = text.strip(' .!') in _forms()['nothing']
        verbs: dict[str, None] = {}
        for clause in CLAUSE_ENDS.split(text):
            words = [w for w in WORD.findall(clause) if w not in LEFT_OUT]
            names_nothing |= any(map(_negates, words))
            for start, verb in self._in_clause(words):
                preceding = words[:start]
                if any(map(_negates, preceding)):
                    continue
                named = [w for w in preceding if w in (subject_word, object_word)]
                if not named or named[0] == subject_word:
                    verbs[verb] = None
        return tuple(verbs) if verbs or names_nothing else None

    def _in_clause(self, words: list[str]) -> list[tuple[int, str]]:
        """Where a verb begins, and which it is."""
        verbs, at = [], 0
        while at < len(words):
            for length in range(self._longest, 0, -1):
                part = tuple(words[at : at + length])
                verb = self._inflected.get(part)
                if verb is None and at == 0:
                    verb = self._plain.get(part)
                if verb is not None:
                    verbs.append((at, verb))
                    at += len(part) - 1
                    break
            at += 1
        return verbs


def inflected_verb(phrase: str) -> tuple[str, str]:
    """The third person and the present participle of a regular verb.

    ``'take off'`` gives ``'takes off'`` and ``'taking off'``.
    """
    verb, *particles = phrase.split()
    if re.search(r'(s|x|z|ch|sh|o)$', verb):
        third = f'{verb}es'
    elif re.search(r'[^aeiou]y$', verb):
        third = f'{verb[:-1]}ies'
    else:
        third = f'{verb}s'
    if verb.endswith('ie'):
        stem = f'{verb[:-2]}y'
    elif re.search(r'[^eoy]e$', verb):
        stem = verb[:-1]
    elif re.fullmatch(r'[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]', verb):
        stem = verb + verb[-1]  # one short syllable: hug, hugging
    else:
        stem = verb
    return ' '.join([third, *particles]), ' '.join([f'{stem}ing', *particles])


def _negates(word: str) -> bool:
    return word in NEGATIONS or word.endswith(("n't", 'n’t'))


def _verbs_by_phrase(vocabulary: InteractionVocabulary) -> dict[str, str]:
    phrases: dict[str, str] = {}
    listed = _forms()['senses']
    for verb in sorted(vocabulary.verbs, reverse=True):  # the lowest sense stays
        lemma = verb.split('.')[0].replace('_', ' ')
        if listed.get(lemma, True):
            phrases[lemma] = verb
    for phrase, senses in listed.items():
        held = [verb for verb in senses if verb in vocabulary]
        if held:
            phrases[phrase] = held[0]
    return phrases


@functools.cache
def _forms() -> dict[str, Any]:
    return json.loads(FORMS_FILE.read_text(encoding='utf-8'))
