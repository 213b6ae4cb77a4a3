"""What the tracking branch is trained on: templates and search regions of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mmsmot.structures import Detections, Frame, SMOTDataSample, Trajectories
from mmsmot.structures.boxes import pairwise_iou
from projects.semtracker.models.search_region import jittered_boxes, square_regions

VISIBLE = 0.3  # least visible fraction of a target that must be found
NAMED_IOU = 0.5  # least overlap of a detection with the target that a text names
OTHER_IOU = 0.1  # greatest overlap of a detection that is of somebody else
# A template's box is off as a detection's is: these give a mean IoU of .79 with the true
# boxes of SynSMOT's val, where the best detections of the tiny detector have one of .83.
TEMPLATE_SHIFT, TEMPLATE_SCALE = 0.1, 0.1


@dataclass(frozen=True)
class Jitter:
    """How search regions differ from the true box; see :class:`SemTracker`."""

    shift: float
    scale: float
    absent_ratio: float
    elsewhere_ratio: float = 0.0


@dataclass(frozen=True, eq=False)
class TargetTable:
    """The target of each of B clips in T frames; row ``t * B + b`` is frame t of clip b.

    Attributes:
        boxes: (T * B, 4) float64; where the target has no box, the nearest in time.
        is_visible: (T * B,) bool: it has a box there, and enough of it can be seen.
        videos: B names.
        frame_ids: B times the numbers of its T frames.
    """

    boxes: torch.Tensor
    is_visible: torch.Tensor
    videos: list[str]
    frame_ids: list[list[int]]

    @property
    def num_clips(self) -> int:
        return len(self.videos)

    @classmethod
    def of(
        cls,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        device: torch.device,
    ) -> TargetTable:
        """The targets of a batch.

        Raises:
            ValueError: A clip has not exactly one target.
        """
        frame_ids = [[step[b].frame_id for step in inputs] for b in range(len(samples))]
        boxes = np.zeros((len(inputs), len(samples), 4))
        visible = np.zeros((len(inputs), len(samples)), bool)
        for b, sample in enumerate(samples):
            gt = sample.gt_trajectories
            if len(np.unique(gt.ids)) > 1:
                raise ValueError(
                    f'SemTracker: a clip of {sample.video.name} has '
                    f'{len(np.unique(gt.ids))} trajectories; a semantic tracking sample '
                    'has its target alone (SynSMOTEpisodes, SemTrackDataset)'
                )
            if not len(gt):
                continue
            numbers = np.array(frame_ids[b])
            nearest_row = np.abs(numbers[:, None] - gt.frame_ids).argmin(axis=1)
            boxes[:, b] = gt.boxes[nearest_row]
            has_box = gt.frame_ids[nearest_row] == numbers
            visible[:, b] = has_box & (gt.visibility[nearest_row] >= VISIBLE)
        return cls(
            torch.from_numpy(boxes).flatten(0, 1).to(device),
            torch.from_numpy(visible).flatten().to(device),
            [sample.video.name for sample in samples],
            frame_ids,
        )

    def rows_of(
        self, trajectories: Sequence[Trajectories], device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (R,) and boxes (R, 4) of all rows of B tables, in their order."""
        rows = []
        for b, table in enumerate(trajectories):
            order = {frame_id: t for t, frame_id in enumerate(self.frame_ids[b])}
            steps = [order[frame_id] for frame_id in table.frame_ids.tolist()]
            rows += [t * self.num_clips + b for t in steps]
        boxes = np.concatenate([table.boxes for table in trajectories])
        return torch.tensor(rows, dtype=torch.int64), torch.from_numpy(boxes).to(device)


@dataclass(frozen=True, eq=False)
class SearchTargets:
    """P search regions in rows of a :class:`TargetTable`.

    Attributes:
        rows: (P,) int64, the row of each.
        regions: (P, 4) squares in pixels.
        template_of: (P,) the clip whose template is looked for.
        is_present: (P,) bool: that template's target is visible in the region.
    """

    rows: torch.Tensor
    regions: torch.Tensor
    template_of: torch.Tensor
    is_present: torch.Tensor


@dataclass(frozen=True, eq=False)
class NamedBoxes:
    """M boxes that N sentences choose from.

    Attributes:
        clips: The N clips with a sentence.
        rows: (M,) int64 of a :class:`TargetTable`.
        boxes: (M, 4) in pixels.
        is_target: (N, M) bool: the sentence's target, which stands among them itself.
        is_choice: (N, M) bool: the sentence is judged against this box.
    """

    clips: list[int]
    rows: torch.Tensor
    boxes: torch.Tensor
    is_target: torch.Tensor
    is_choice: torch.Tensor


def template_boxes(
    table: TargetTable, rows: torch.Tensor, generator: np.random.Generator
) -> torch.Tensor:
    """(B, 4) boxes in P rows as a click or a sentence would give them: a detection's."""
    boxes = table.boxes[rows]
    noise = torch.from_numpy(generator.uniform(-1, 1, (len(rows), 4))).to(boxes)
    return jittered_boxes(boxes, TEMPLATE_SHIFT, TEMPLATE_SCALE, noise)


def template_rows(table: TargetTable, generator: np.random.Generator) -> torch.Tensor:
    """(B,) a row in which each clip's target is visible; its first, if it never is."""
    visible = table.is_visible.cpu().numpy().reshape(-1, table.num_clips)
    rows = []
    for b, column in enumerate(visible.T):
        steps = np.flatnonzero(column)
        step = generator.choice(steps) if len(steps) else 0
        rows.append(int(step) * table.num_clips + b)
    return torch.tensor(rows)


def search_rows(
    table: TargetTable,
    num_frames: int | None,
    template: torch.Tensor,
    generator: np.random.Generator,
) -> torch.Tensor:
    """(P,) rows in ascending order: ``num_frames`` of each clip, ``None`` for all.

    The row of a clip's template, (B,) in ``template``, is the last to be drawn: the same
    picture twice teaches to compare pixels.
    """
    num_rows = len(table.boxes)
    steps = num_rows // table.num_clips
    if num_frames is None or num_frames >= steps:
        return torch.arange(num_rows)
    draws = generator.random((steps, table.num_clips))
    draws.reshape(-1)[template.cpu().numpy()] = 1.0
    order = draws.argsort(axis=0)[:num_frames]
    return torch.from_numpy(
        np.sort(order * table.num_clips + range(table.num_clips), axis=None)
    )


def search_targets(
    table: TargetTable,
    rows: torch.Tensor,
    factor: float,
    jitter: Jitter,
    sizes: torch.Tensor,
    detections: Sequence[Detections] | None,
    generator: np.random.Generator,
) -> SearchTargets:
    """A region around the target in P rows; some lie elsewhere, some have another template.

    Args:
        table: The targets.
        rows: (P,) int64.
        factor: Side of a region, in square roots of the target's area.
        jitter: Its place and size, and how often it lies elsewhere, or another clip's
            template is looked for.
        sizes: (T * B, 2) width and height of the frames.
        detections: Of the T * B frames: regions elsewhere lie around somebody else as
            often as anywhere; ``None``: always anywhere.
        generator: Draws.
    """
    boxes, count = table.boxes[rows], len(rows)
    device = boxes.device
    is_elsewhere = generator.random(count) < jitter.elsewhere_ratio
    places = _places_elsewhere(table, rows, is_elsewhere, sizes, detections, generator)
    noise = torch.from_numpy(generator.uniform(-1, 1, (count, 4))).to(device)
    start = jittered_boxes(places, jitter.shift, jitter.scale, noise)
    regions = square_regions(start, factor)
    clip = rows.numpy() % table.num_clips
    other_clips = (clip + generator.integers(1, max(table.num_clips, 2), count)) % (
        table.num_clips
    )
    names = np.array(table.videos)
    # Two people of a video may both be in a region.
    is_other_video = names[clip] != names[other_clips]
    is_swapped = (generator.random(count) < jitter.absent_ratio) & is_other_video
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centre > regions[:, :2]) & (centre < regions[:, 2:])).all(dim=1)
    is_present = torch.from_numpy(~is_swapped).to(device)
    return SearchTargets(
        rows,
        regions,
        torch.from_numpy(np.where(is_swapped, other_clips, clip)).to(device),
        table.is_visible[rows] & inside & is_present,
    )


def _places_elsewhere(
    table: TargetTable,
    rows: torch.Tensor,
    is_elsewhere: np.ndarray,
    sizes: torch.Tensor,
    detections: Sequence[Detections] | None,
    generator: np.random.Generator,
) -> torch.Tensor:
    """(P, 4) the targets' boxes, moved to somebody else or anywhere where that is asked.

    What the search for a lost target meets is background and other people of the video.
    """
    boxes = table.boxes[rows]
    count = len(rows)
    centres = generator.random((count, 2)) * sizes[rows].cpu().numpy()
    is_around_somebody = is_elsewhere & (generator.random(count) < 0.5)
    if detections is not None:
        target_boxes = boxes.cpu().numpy()
        for number in np.flatnonzero(is_around_somebody).tolist():
            people = detections[int(rows[number])].boxes
            overlap = pairwise_iou(people, target_boxes[[number]])[:, 0]
            people = people[overlap < OTHER_IOU]
            if len(people):
                person = generator.choice(people)
                centres[number] = (person[:2] + person[2:]) / 2
    target_centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    shift = torch.from_numpy(centres).to(boxes) - target_centres
    is_moved = torch.from_numpy(is_elsewhere).to(boxes.device)[:, None]
    return boxes + torch.where(is_moved, shift, 0.0).repeat(1, 2)


def named_boxes(
    table: TargetTable,
    detections: Sequence[Detections],
    texts: Sequence[str | None],
    generator: np.random.Generator,
) -> NamedBoxes:
    """The boxes that each sentence chooses from: of everybody in one frame of each clip.

    All of them are detections, as at test, the target too where it was detected: else a
    box that fits exactly would tell who is meant, whatever the sentence says. Boxes of
    another clip of the same video are no choice: one of them may be the target itself,
    whom that clip does not tell apart from the others.

    Args:
        table: The targets.
        detections: Of the T * B frames.
        texts: B sentences; clips without one give boxes alone.
        generator: Moves the true box of a target that was not detected.
    """
    clips = [b for b, text in enumerate(texts) if text]
    rows, boxes, target_of = [], [], []
    visible = table.is_visible.cpu().numpy().reshape(-1, table.num_clips)
    for b, column in enumerate(visible.T):
        steps = np.flatnonzero(column)
        if not len(steps):
            continue
        row = int(steps[0]) * table.num_clips + b
        detected_boxes = detections[row].boxes
        true_box = table.boxes[row].cpu().numpy()[None]
        overlap = pairwise_iou(detected_boxes, true_box)[:, 0]
        if overlap.max(initial=0) >= NAMED_IOU:
            target = detected_boxes[[overlap.argmax()]]
        else:
            target = template_boxes(table, torch.tensor([row]), generator).cpu().numpy()
        other_boxes = detected_boxes[overlap < NAMED_IOU]
        boxes += [target, other_boxes]
        rows += [row] * (1 + len(other_boxes))
        target_of += [b] + [-1] * len(other_boxes)
    device = table.boxes.device
    if not rows:
        nothing = torch.zeros(len(clips), 0, dtype=torch.bool, device=device)
        no_rows = torch.zeros(0, dtype=torch.int64)
        return NamedBoxes(clips, no_rows, table.boxes[:0], nothing, nothing)
    clip_of_text, clip_of_box = np.array(clips, int), np.array(rows) % table.num_clips
    videos = np.array(table.videos)
    is_same_clip = clip_of_text[:, None] == clip_of_box
    is_same_video = videos[clip_of_text][:, None] == videos[clip_of_box]
    return NamedBoxes(
        clips,
        torch.tensor(rows),
        torch.from_numpy(np.concatenate(boxes)).to(device),
        torch.from_numpy(clip_of_text[:, None] == np.array(target_of)).to(device),
        torch.from_numpy(is_same_clip | ~is_same_video).to(device),
    )
