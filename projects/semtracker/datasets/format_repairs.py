"""What is mended in SemTrack's annotations: counted, logged, or refused."""

from __future__ import annotations

import logging
import os
from collections import Counter

from mmengine.logging import print_log

REPAIRS = {
    'main_object_missing': 'annotations without main_object, taken for other objects',
    'main_object_none': 'queries whose annotations name no main object; the longest track '
    'is taken for it',
    'main_object_several': 'queries with several main objects; the one with the most main '
    'boxes is the target',
    'main_object_partial': "boxes of a main object's track that are not marked main, taken "
    'for it',
    'image_repeated': 'second images of a frame of a video, left out with their boxes',
    'video_unknown': 'images of a video that is not in videos, left out with their boxes',
    'video_empty': 'videos without images, left out',
    'video_differs': "annotations whose video_id is not their image's, which is taken",
    'relation_missing': 'annotations without a relation, taken for none',
    'relation_unknown': 'relation ids that are not in relation_categories, taken for none',
    'box_invalid': 'boxes without area or with a number that is not finite, left out',
    'image_unknown': 'annotations of an image that is not in images, left out',
    'category_unknown': 'annotations of a category that is not in categories, left out',
    'box_repeated': 'second boxes of a track in an image, left out',
}
MAX_EXAMPLES = 3


class FormatRepairs:
    """What was mended in a file, by kind, with the first places.

    Args:
        path: The file, for messages.
        strict: Make each an error.
    """

    def __init__(self, path: str | os.PathLike, strict: bool = False) -> None:
        self.path = path
        self.strict = strict
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def add(self, kind: str, place: str) -> None:
        """Count one.

        Raises:
            ValueError: ``strict``; names the file and the place.
        """
        if self.strict:
            raise ValueError(f'{self.path}: {place}: {REPAIRS[kind]} (strict)')
        self.counts[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(place)

    def report(self) -> None:
        """Log each kind with its count."""
        for kind, count in self.counts.items():
            print_log(
                f'{self.path}: {count} {REPAIRS[kind]} [{kind}]; first: '
                f'{self.examples[kind][0]}',
                logger='current',
                level=logging.WARNING,
            )
