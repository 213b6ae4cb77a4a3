"""What is odd in BenSMOT's files, what is done about it, and how often it was."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from typing import Any

from mmengine.logging import print_log

# Read as they are meant: nothing is lost, and strict mode does not mind.
NOTES = {
    'byte_order_mark': 'files begin with a byte-order mark; skipped',
    'windows_line_ends': 'files have Windows line ends; read all the same',
    'blank_lines': 'blank lines; skipped',
    'sparse_frames': 'sequences have holes in their frame numbers; numbers kept',
    'gt_columns': 'sequences have not nine columns in gt.txt; the missing filled in',
    'frames_from_zero': 'sequences count images or rows from 0; those moved by 1',
    'image_without_box': 'images have no row in gt.txt; kept as frames without a box',
    'verb_respelled': 'interactions have a verb spelled otherwise or joined; mended',
    'expression_unknown_track': 'expressions name an id that has no box; kept',
    'edge_without_span': 'interactions have no frame span in a sequence that has some',
}
# Mended or left out; an error in strict mode.
REPAIRS = {
    'sequence_empty': 'sequence folders have neither images nor gt.txt; left out',
    'gt_missing': 'sequences have no gt/gt.txt; without truth',
    'gt_malformed_row': 'rows of gt.txt are not 6 to 10 numbers; dropped',
    'gt_box_without_area': 'boxes have no positive width and height; dropped',
    'gt_bad_number': 'rows have a frame, id or class that is no count; dropped',
    'gt_repeated_box': 'rows repeat an (id, frame); the first kept',
    'track_without_box': 'trajectories have no proper box left; dropped with their text',
    'images_missing': 'sequences have no images; frames without images',
    'image_bad_name': 'images have no number, or that of another, as name; left out',
    'image_unreadable': 'first images cannot be read; image size not known',
    'numbering_unknown': 'sequences count images from 0 and do not tell whether gt.txt does, '
    'or contradict themselves; taken as the images',
    'frame_without_image': 'frames of gt.txt have no image; their boxes left out',
    'seqinfo_malformed': 'seqinfo.ini cannot be read; sequences go without',
    'not_utf8': 'files are not UTF-8; other characters replaced',
    'control_characters': 'texts hold control characters; blanks in their place',
    'fps_malformed': 'files give a frame rate that is none; it is taken from elsewhere',
    'video_caption_missing': 'sequences have no video caption',
    'captions_missing': 'sequences have no instance captions',
    'captions_fewer': 'sequences have fewer captions than trajectories; the last go '
    'without',
    'captions_more': 'sequences have more captions than trajectories; the last dropped',
    'caption_empty': 'trajectories have an empty caption; they go without',
    'caption_unknown_track': 'captions are of no trajectory, or a second one; dropped',
    'caption_unnamed': 'captions do not begin with a name like "woman0:"; taken whole',
    'caption_names_repeated': 'caption names stand twice in a sequence; counted anew',
    'graph_missing': 'sequences have no interactions.graphml',
    'graph_malformed': 'interactions.graphml is not GraphML; sequences go without',
    'node_by_position': "graph nodes have not a caption's name; matched by position",
    'edge_unknown_node': 'interactions name someone who is no trajectory; dropped',
    'edge_self_loop': 'interactions of someone with himself; dropped',
    'edge_without_verb': 'interactions without a verb; dropped',
    'edge_repeated': 'interactions repeat a (subject, verb, object); once kept',
    'verb_unknown': 'verbs are not in the vocabulary; dropped',
    'span_malformed': 'spans in semantic_trajectories.json are malformed; dropped',
    'span_without_edge': 'spans have no interaction they belong to; dropped',
    'expression_malformed': 'referring expressions cannot be read; left out',
    'relation_malformed': 'keys of relation.json are not "subject-object"; dropped',
    'text_without_folder': 'videos of the combined JSON have no folder; left out',
}
_TEXTS = NOTES | REPAIRS
MAX_EXAMPLES = 3


class RepairLog:
    """Counts what was odd, with the first places of each kind.

    Args:
        strict: Make a repair an error.

    Attributes:
        counts: Number of times, by kind (the keys of ``NOTES`` and ``REPAIRS``).
        examples: The first places where each kind was met, up to ``MAX_EXAMPLES``.
    """

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def add(self, kind: str, place: str, count: int = 1) -> None:
        """Count something odd.

        Args:
            kind: A key of ``NOTES`` or ``REPAIRS``.
            place: The file, the line where there is one, and what stands there.
            count: Number of times.

        Raises:
            ValueError: It is a repair and the log is strict.
        """
        if self.strict and kind in REPAIRS:
            raise ValueError(
                f'{place} (strict=True; otherwise repaired: {REPAIRS[kind]})'
            )
        self.counts[kind] += count
        examples = self.examples.setdefault(kind, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(place)

    def wants_example(self, kind: str) -> bool:
        """Whether the next place is recorded; costly messages are made then only."""
        return self.strict or len(self.examples.get(kind, ())) < MAX_EXAMPLES

    def merge(self, log: RepairLog, prefix: str = '') -> None:
        """Count all of another log, with ``prefix`` before its places."""
        for kind, count in log.counts.items():
            first, *next_places = log.examples[kind]
            self.add(kind, prefix + first, count)
            room = MAX_EXAMPLES - len(self.examples[kind])
            self.examples[kind] += [prefix + place for place in next_places[:room]]

    def to_list(self) -> list[list]:
        """The log as JSON's kinds of values."""
        return [[kind, self.counts[kind], self.examples[kind]] for kind in self.counts]

    @classmethod
    def from_list(cls, rows: Iterable[Any]) -> RepairLog:
        """The opposite of :meth:`to_list`."""
        log = cls()
        for kind, count, examples in rows:
            log.counts[kind] = count
            log.examples[kind] = list(examples)
        return log

    def table(self) -> str:
        """A line for each kind met: how often, what, and where for example."""
        lines = []
        for title, texts in (('repairs', REPAIRS), ('notes', NOTES)):
            kinds = [kind for kind in texts if self.counts[kind]]
            lines.append(f'{title}: {"none" if not kinds else ""}'.rstrip())
            for kind in kinds:
                lines.append(f'{self.counts[kind]:>8}  {kind:<22}  {texts[kind]}')
                lines += [f'{"":>12}{place}' for place in self.examples[kind]]
        return '\n'.join(lines)

    def report(self, title: str) -> None:
        """Log each kind with its count; repairs as warnings."""
        for kind, count in self.counts.items():
            print_log(
                f'{title}: {count} {_TEXTS[kind]} [{kind}]; first: {self.examples[kind][0]}',
                logger='current',
                level=logging.WARNING if kind in REPAIRS else logging.INFO,
            )
