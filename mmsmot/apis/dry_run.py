"""What a run would download and read, told before anything is."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..datasets import open_video
from ..datasets.streams.address import is_stream_address, redacted_address
from ..engine import is_config_part_type
from ..registry import MODELS
from ..utils.hub_files import (
    format_bytes,
    how_to_get_hub_file,
    hub_files,
    hub_is_offline,
)
from ..utils.printable import printable
from .inputs import expand_inputs


@dataclass(frozen=True)
class DryRunFile:
    """Weights that a pipeline reads.

    Attributes:
        slot: Where the part stands in the config.
        part: Its type.
        name: A file, a folder, a name on the hub or a web address.
        place: ``'here'``, ``'download'`` or ``'missing'``.
        num_bytes: Its size, of a download what is still to come; ``None``: not known.
        note: Where the size is from, the licence, or what to do.
        folder: Where a download goes.
    """

    slot: str
    part: str
    name: str
    place: str
    num_bytes: int | None
    note: str = ''
    folder: Path | None = None


def dry_run_files(
    config: Config, checkpoint: str | Path | None = None
) -> list[DryRunFile]:
    """The weights that a config's pipeline reads; nothing is built or downloaded.

    A part says by its class what it reads: ``hub_argument`` is the argument that names a
    model of the hub or its folder, ``file_argument`` the argument that names a file and the
    tool's option that sets it.

    Args:
        config: With a ``model``, weights set.
        checkpoint: Weights of the whole pipeline, where they are given.
    """
    files = [_file('checkpoint', 'the whole pipeline', str(checkpoint), '--checkpoint')]
    files = files if checkpoint is not None else []
    for slot, part in _parts(config.model, 'model'):
        kind = str(part['type']).rpartition('.')[2]
        part_class = MODELS.get(str(part['type']))
        hub_argument = getattr(part_class, 'hub_argument', None)
        file_argument = getattr(part_class, 'file_argument', None)
        if hub_argument is not None and part.get(hub_argument) is not None:
            files.append(_of_hub(slot, kind, part[hub_argument]))
        elif file_argument is not None and checkpoint is None:
            files += _of_part(slot, kind, part, *file_argument)
        elif kind == 'Pretrained' and checkpoint is None:
            files.append(_of_address(slot, kind, str(part.get('checkpoint'))))
    return files


def describe_dry_run(
    config: Config,
    checkpoint: str | Path | None,
    videos: Sequence[str],
    out_dir: Path | None = None,
) -> tuple[list[str], bool]:
    """What a run would do, as lines, and whether it has all that it needs.

    Args:
        config: As of :func:`dry_run_files`.
        checkpoint: As of :func:`dry_run_files`.
        videos: What would be tracked.
        out_dir: Where the results would go.

    Raises:
        FileNotFoundError, ValueError: There is no such video.
    """
    files = dry_run_files(config, checkpoint)
    lines = [line for file in files for line in _lines(file)]
    lines += _total([file for file in files if file.place == 'download'])
    lines += _questions(config.model)
    paths, _ = expand_inputs(
        list(videos) if len(videos) > 1 else videos[0], out_dir or Path()
    )
    lines += [_video(path) for path in paths]
    return lines, all(file.place != 'missing' for file in files)


def _parts(node: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every dict with a ``type``, by its dotted place."""
    if isinstance(node, list | tuple):
        for index, item in enumerate(node):
            yield from _parts(item, f'{path}.{index}')
    elif isinstance(node, Mapping):
        if 'type' in node:
            yield path, node
        for name, item in node.items():
            yield from _parts(item, f'{path}.{name}')


def _of_hub(slot: str, kind: str, name: Any) -> DryRunFile:
    files = hub_files(name)
    if files.place == 'missing':
        return DryRunFile(slot, kind, files.name, 'missing', None, 'no such folder')
    licence = f'licence {files.licence}' if files.licence else ''
    if files.place != 'hub':
        note = ', '.join(filter(None, [f'in the {files.place}', licence]))
        return DryRunFile(slot, kind, files.name, 'here', files.num_bytes, note)
    if hub_is_offline():
        note = f'HF_HUB_OFFLINE is set, and it is not in the cache. {how_to_get_hub_file(files.name)}'
        return DryRunFile(slot, kind, files.name, 'missing', files.num_bytes, note)
    notes = [f'size: {files.source}' if files.source else '', licence]
    if files.partial_bytes:
        notes.append(f'{format_bytes(files.partial_bytes)} of it are here already')
    note = '; '.join(filter(None, notes))
    return DryRunFile(
        slot, kind, files.name, 'download', files.num_bytes, note, files.folder
    )


def _of_part(
    slot: str, kind: str, part: Mapping[str, Any], argument: str, option: str
) -> list[DryRunFile]:
    """The file of a part; of a detector written out in the config none is needed."""
    name, zoo_name = part.get(argument), part.get('config')
    if name is not None:
        return [_file(slot, kind, str(name), option)]
    if kind == 'MMDetDetector' and not isinstance(zoo_name, str):
        return []
    note = f'give it with {option} FILE'
    if kind == 'MMDetDetector' and '::' in str(zoo_name):
        from ..models.detectors.mmdet_zoo import zoo_url

        if url := zoo_url(str(zoo_name)):
            note = f'download {url}  and {note}'
    return [DryRunFile(slot, kind, str(zoo_name or 'a file'), 'missing', None, note)]


def _of_address(slot: str, kind: str, address: str) -> DryRunFile:
    """Start weights of a backbone."""
    if '://' in address:
        note = 'start weights; --checkpoint or --weights take their place'
        return DryRunFile(slot, kind, address, 'download', None, note)
    return _file(slot, kind, address, '--weights')


def _file(slot: str, kind: str, name: str, option: str) -> DryRunFile:
    path = Path(name).expanduser()
    if path.is_file():
        return DryRunFile(slot, kind, name, 'here', path.stat().st_size)
    note = f'there is no file at {path.absolute()} ({option})'
    return DryRunFile(slot, kind, name, 'missing', None, note)


def _lines(file: DryRunFile) -> list[str]:
    size = format_bytes(file.num_bytes)
    note = f' ({file.note})' if file.note else ''
    text = {
        'here': f'here, {size}{note}',
        'download': f'to be downloaded, {size}{note}',
        'missing': f'MISSING: {file.note}',
    }[file.place]
    return [printable(f'{file.slot}: {file.part} {file.name}'), printable(f'  {text}')]


def _total(downloads: Sequence[DryRunFile]) -> list[str]:
    """How much is to be downloaded, and whether there is room for it."""
    if not downloads:
        return ['nothing is to be downloaded']
    sizes = [file.num_bytes for file in downloads]
    num_bytes = sum(size for size in sizes if size is not None)
    texts = [format_bytes(num_bytes)] if num_bytes else []
    texts += ['what is of unknown size'] if None in sizes else []
    lines = [f'to be downloaded in all: {" and ".join(texts)}']
    folder = next((file.folder for file in downloads if file.folder), None)
    while folder is not None and not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    if folder is not None:
        free = shutil.disk_usage(folder).free
        room = '' if free > num_bytes else ': NOT ENOUGH'
        lines[0] += f'; {format_bytes(free)} are free in {printable(folder)}{room}'
    return lines


def _questions(model: Mapping[str, Any]) -> list[str]:
    """How many questions a vision-language model is asked at most."""
    from ..models.language.vision_language_model import VisionLanguageModel
    from ..models.vlm.crop_buffer import CropBuffer
    from ..models.vlm.vision_language_semantics import VisionLanguageSemantics

    semantics = model.get('semantics')
    if semantics is None or not is_config_part_type(
        semantics['type'], VisionLanguageSemantics
    ):
        return []
    options = _with_defaults(VisionLanguageSemantics, semantics)
    crops = _with_defaults(CropBuffer, options['crop_buffer'] or {})
    kinds = []
    if options['caption_prompt']:
        kinds.append(f'one for each person ({crops["max_crops"]} images)')
    if options['interaction_prompt']:
        pair_limit = options['max_video_pairs']
        if not model.get('early', True):  # all at once
            at_once = options['max_pairs']
            pair_limit = at_once if pair_limit is None else min(at_once, pair_limit)
        bound = (
            'any number of pairs'
            if pair_limit is None
            else f'at most {pair_limit} pairs'
        )
        kinds.append(
            f'two for each pair that was near ({crops["max_pair_crops"]} images), {bound}'
        )
    if options['video_prompt']:
        kinds.append(f'one for the video ({crops["max_frames"]} images)')
    batch_size = _with_defaults(VisionLanguageModel, semantics['model'])['batch_size']
    return [f'questions: {"; ".join(kinds)}; {batch_size} answered at once']


def _with_defaults(part: type, options: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(part).parameters.values()
    return {p.name: options.get(p.name, p.default) for p in parameters}


def _video(path: str) -> str:
    if is_stream_address(path):
        return f'video {redacted_address(path)}: a live stream, not opened'
    reader = open_video(path)
    info = reader.video
    rate = f', {info.fps:g} frames/s' if info.fps else ''
    return printable(
        f'video {path}: {info.width}x{info.height}, {reader.num_frames} frames{rate}'
    )
