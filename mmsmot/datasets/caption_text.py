"""Cleaning of captions and verbs that are read from or written to annotation files."""

from __future__ import annotations

import re

_CONTROL = re.compile(r'[\x00-\x08\x0a-\x1f\x7f-\x9f]+')  # all but the tab


def caption_has_control_characters(text: str) -> bool:
    """Whether a text holds control characters other than tabs."""
    return _CONTROL.search(text) is not None


def clean_caption(text: str) -> str:
    """A caption with blanks for control characters, and no blanks around it.

    Control characters would steer the terminal or the page that shows the caption.

    >>> clean_caption(' A man\\x1b waves. ')
    'A man  waves.'
    """
    return _CONTROL.sub(' ', text).strip()


def clean_caption_verb(text: str) -> str:
    """A verb in lower case without blanks or full stops in front, as BenSMOT's release.

    >>> clean_caption_verb('. Look_at ')
    'look_at'
    """
    return text.strip().lstrip('. ').lower()


def caption_text_has_verb(text: str) -> bool:
    """Whether a list of verbs with commas holds more than blanks, commas and full stops.

    >>> caption_text_has_verb(' ,. '), caption_text_has_verb(',look_at')
    (False, True)
    """
    return bool(text.strip(' ,.\t\r\n'))


def one_line_caption(text: str) -> str:
    """A text whose line breaks and runs of blanks are single blanks.

    >>> one_line_caption('A man\\n  waves.')
    'A man waves.'
    """
    return ' '.join(text.split())
