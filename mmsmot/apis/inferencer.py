"""A pipeline by name, ready for any video."""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import cv2
from mmengine.config import Config
from mmengine.logging import print_log

from ..datasets import VideoReader, open_video
from ..datasets.streams.address import is_stream_address
from ..engine import (
    add_config_semantics,
    drop_init_cfg,
    load_config,
    set_config_weights,
)
from ..engine.out_of_memory import explain_out_of_memory
from ..models.detection_caching import cache_detections
from ..models.smot import SMOT
from ..registry import INFERENCERS, MODELS
from ..structures import Prompt, VideoInfo, as_prompts
from ..utils.bundled_weights import (
    bundled_weights,
    configs_with_bundled_weights,
    weights_path,
)
from ..utils.checkpoint import load_weights
from ..utils.device import default_device, usable_device
from ..utils.full_disk import is_disk_full
from ..utils.mmdet_bridge import BUILD_LOCK
from ..utils.mmengine_loaders import make_mmengine_safe
from ..utils.number_ranges import COUNT, NumberRange, require_numbers
from .domain_check import domain_warnings
from .infer import infer_video
from .inputs import expand_inputs
from .prompt_check import prompt_warnings
from .prompt_output import prompt_output_folders
from .random_weights_check import random_weight_warnings, refuse_random_zoo_weights
from .session import SMOTSession

# What a damaged video may end in, beside the errors that say so themselves: sizes that
# nobody has memory for, and FFmpeg's own.
UNREADABLE = (OSError, ValueError, EOFError, MemoryError, av.FFmpegError, cv2.error)


@INFERENCERS.register_module()
class SMOTInferencer:
    """Tracks and describes videos.

    ::

        inferencer = SMOTInferencer('smoter_tiny_synsmot')
        result = inferencer('street.mp4', out_dir='outputs/street')
        results = inferencer(['a.mp4', 'b.mp4'], out_dir='outputs')
        session = inferencer.session(fps=25)  # frame by frame, from a camera

    Args:
        config: A config file, its name below ``configs/``, or the name of a model whose
            weights come with the package; or a ``Config``, which is left as it is.
        checkpoint: Weights of the whole model; ``None`` for those that come with the
            package, where there are some.
        weights: The detector's weights, alone or in a whole model's; then those that come
            with the package are not used.
        reid_weights: The ReID part's.
        device: Where to run; ``None`` for a GPU where there is one, Apple's aside,
            which has no float64.
        options: Dotted keys to values, as of ``--cfg-options``.
        semantics: What describes the tracks where the config only tracks: the name of a
            file in ``configs/_base_/semantics``; ``'kinematic'`` needs no weights.
        cache: Keep detections beside the results, for an interrupted run and for other
            trackers.

    Raises:
        FileNotFoundError: There is no such config or weight file.
        KeyError: An option that nothing reads.
        TypeError: ``config`` or a weight file is no path.
        ValueError: The weights are those of another config, ``options`` were given
            beside a ``Config``, ``semantics`` for a config that has its own, or the device
            cannot be used.
    """

    def __init__(
        self,
        config: str | os.PathLike | Config,
        checkpoint: str | os.PathLike | None = None,
        weights: str | None = None,
        reid_weights: str | None = None,
        device: str | None = None,
        options: dict[str, Any] | None = None,
        cache: bool = False,
        semantics: str | None = None,
    ) -> None:
        make_mmengine_safe()
        if not isinstance(config, Config | str | os.PathLike) or not str(config):
            raise TypeError(
                'SMOTInferencer: config must be the name or path of a config, or a Config, '
                f'got {config!r}'
            )
        checkpoint, weights, reid_weights = (
            _as_path(option, value)
            for option, value in (
                ('checkpoint', checkpoint),
                ('weights', weights),
                ('reid_weights', reid_weights),
            )
        )
        name = '' if isinstance(config, Config) else str(config)
        if name in configs_with_bundled_weights():
            name = f'smoter/{name}'
        if not name and options:
            raise ValueError(
                'SMOTInferencer: options are for a config that is read from a file; set '
                f'{sorted(options)} in the Config itself'
            )
        # CPython 3.11's parser, which configs are read by, counts the depth of a tree for
        # all threads together and may refuse a config that is read beside another.
        with BUILD_LOCK:
            self.config = _config_of(config, name, options, semantics)
            set_config_weights(self.config, weights_path(weights), reid_weights)
            self._text = self.config.pretty_text
        if checkpoint is None and weights is None and name:
            checkpoint = bundled_weights(name)
        self.checkpoint = None if checkpoint is None else weights_path(str(checkpoint))
        self.device = default_device() if device is None else usable_device(device)
        self.cache = cache
        self._model: SMOT | None = None
        self._logged_warnings: set[str] = set()

    @property
    def model(self) -> SMOT:
        """The pipeline, built when first asked for."""
        with BUILD_LOCK:  # sessions that begin at once share one model
            if self._model is None:
                self._model = self._build(copy.deepcopy(self.config))
        return self._model

    def __call__(
        self,
        videos: str | os.PathLike | int | Sequence[str | os.PathLike],
        out_dir: str | os.PathLike,
        start: int | None = None,
        end: int | None = None,
        stride: int = 1,
        draw: bool = True,
        overwrite: bool = False,
        seconds: float | None = None,
        patience: float = 30.0,
        done: Callable[[dict[str, Any], Path], None] | None = None,
        prompts: Prompt | str | Sequence[Prompt | str] = (),
    ) -> dict[str, Any] | list[dict[str, Any]]:
        """Track and describe one video, several, a folder of them, or a live stream.

        One of several that cannot be read or written stops none of the others.

        Args:
            videos: A video file, a folder of images, a sequence folder; a folder with
                such in it, up to three folders deep; or a list. Or one live stream:
                ``rtsp://...``, ``camera:0``, ``0`` (:class:`~mmsmot.datasets.VideoStream`).
            out_dir: Folder of the results. Of several videos each gets a folder in it, of
                several prompts each one in that, named by its ``key``.
            start: First frame number, inclusive.
            end: Last frame number, inclusive.
            stride: Take every ``stride``-th frame.
            draw: Write the annotated video.
            overwrite: Do it again where a finished result lies.
            seconds: Seconds to read from a stream; ``None`` until it ends or Ctrl-C.
            patience: Seconds to wait for a stream that dropped out.
            done: Called with each result and its folder as soon as it is there.
            prompts: Targets, which share one run; empty for every object.

        Returns:
            See :func:`~.result.result_view`; of several a list, the prompts of each video.

        Raises:
            ConnectionError, FileNotFoundError: There is no such stream or video.
            MemoryError: Memory ran out; names the options that lower it.
            ValueError: An argument is out of range, see :func:`.inputs.expand_inputs`; a
                file is no video; or, when the others are done, some of several failed.
            TypeError: ``out_dir`` is no path.
        """
        _require_frames_and_folder(start, end, stride, out_dir)
        prompts = as_prompts(prompts)
        out_dirs, are_several = expand_inputs(videos, Path(out_dir))

        def infer(name: str, folder: Path) -> list[tuple[dict[str, Any], Path]]:
            # Before the video: a stream does not wait until the model is there.
            model = self._model_for(folder, is_stream_address(name))
            video = open_video(name, start, end, stride, seconds, patience)
            return self._infer(model, video, folder, draw, overwrite, prompts)

        results = []
        for result, folder in _infer_each(out_dirs, infer, are_several):
            results.append(result)
            if done is not None:
                done(result, folder)
        return results if are_several or len(prompts) > 1 else results[0]

    def _infer(
        self,
        model: SMOT,
        video: VideoReader,
        folder: Path,
        draw: bool,
        overwrite: bool,
        prompts: Sequence[Prompt],
    ) -> list[tuple[dict[str, Any], Path]]:
        """One video's results and their folders, one for each prompt."""
        warnings = self._warnings(model, video.video, prompts)
        with explain_out_of_memory(self.config, training=False):
            results = infer_video(
                model, video, folder, self._text, draw, overwrite, warnings, prompts
            )
        views = results if isinstance(results, list) else [results]
        return [*zip(views, prompt_output_folders(folder, prompts), strict=True)]

    def session(
        self,
        fps: float = 25.0,
        name: str = 'stream',
        patience: int = 60,
        prompts: Prompt | str | Sequence[Prompt | str] = (),
    ) -> SMOTSession:
        """The same pipeline, frame by frame; arguments as of :class:`SMOTSession`."""
        prompts = as_prompts(prompts)
        session = SMOTSession(self.model, fps, name, patience, prompts)
        self._warnings(self.model, VideoInfo(name, name, fps, is_live=True), prompts)
        return session

    def _warnings(
        self, model: SMOT, video: VideoInfo, prompts: Sequence[Prompt]
    ) -> list[str]:
        """What whoever reads the result must know; each logged once."""
        warnings = [] if self.checkpoint is not None else random_weight_warnings(model)
        warnings += domain_warnings(model, video)
        warnings += prompt_warnings(model, prompts)
        for text in sorted({*warnings} - self._logged_warnings):
            self._logged_warnings.add(text)
            print_log(text, logger='current', level=logging.WARNING)
        return warnings

    def _model_for(self, folder: Path, is_live: bool) -> SMOT:
        # Another stream's frames have the same numbers, so nothing of one is remembered.
        if is_live or not self.cache:
            return self.model
        return cache_detections(self.model, folder / 'cache')

    def _build(self, config: Config) -> SMOT:
        if self.checkpoint is not None:
            drop_init_cfg(config.model)
        else:
            refuse_random_zoo_weights(config)
        model = MODELS.build(config.model)
        if self.checkpoint is not None:
            load_weights(model, self.checkpoint)
        elif getattr(model.semantics, 'trained_on', None) is not None:
            model.semantics.trained_on = None  # the weights it names are not here
        return model.to(self.device).eval()


def _config_of(
    config: Any,
    name: str,
    options: dict[str, Any] | None,
    semantics: str | None,
) -> Config:
    """A copy of the config, or what its name says, with semantics where they are named."""
    if not isinstance(config, Config):
        return load_config(name, options, semantics)
    config = copy.deepcopy(config)
    if semantics is not None:
        add_config_semantics(config, semantics)
    return config


def _require_frames_and_folder(start: Any, end: Any, stride: Any, out_dir: Any) -> None:
    require_numbers(
        'SMOTInferencer', NumberRange(integer=True).or_none, start=start, end=end
    )
    require_numbers('SMOTInferencer', COUNT, stride=stride)
    if not isinstance(out_dir, str | os.PathLike):
        raise TypeError(
            f'SMOTInferencer: out_dir must be the path of a folder, got {out_dir!r}'
        )


def _infer_each(
    out_dirs: dict[str, Path],
    infer: Callable[[str, Path], list[tuple[dict[str, Any], Path]]],
    are_several: bool,
) -> Iterator[tuple[dict[str, Any], Path]]:
    """Each result and its folder; failures of several are raised when all are done."""
    failures = []
    for name, folder in out_dirs.items():
        try:
            results = infer(name, folder)
        except UNREADABLE as error:
            if not are_several or is_disk_full(error):
                raise
            failures.append(_failure(name, error))
            continue
        yield from results
    if failures:
        heading = f'{len(failures)} of {len(out_dirs)} videos failed:'
        raise ValueError('\n'.join([heading, *failures]))


def _failure(name: str, error: BaseException) -> str:
    """Why a video has no result, logged."""
    message = str(error) or type(error).__name__
    if name not in message:
        message = f'{name}: {message}'
    # MMEngine's errors carry a line of its own source, which helps nobody.
    print_log(message, logger='current', level=logging.WARNING)
    return message


def _as_path(option: str, value: Any) -> str | None:
    """A file that an option names, as the text that a config can hold."""
    if value is None:
        return None
    if not isinstance(value, str | os.PathLike):
        raise TypeError(
            f'SMOTInferencer: {option} must be the path of a file, got {value!r}'
        )
    return os.fspath(value)
