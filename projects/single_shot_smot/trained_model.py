"""A config's model with its weights, for the tools of the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmsmot.engine import drop_init_cfg, load_config
from mmsmot.models.detectors import BaseDetector
from mmsmot.models.smot import SMOT
from mmsmot.registry import MODELS
from mmsmot.utils.bundled_weights import bundled_weights
from mmsmot.utils.checkpoint import load_weights

PROJECT = Path(__file__).parent
# Where a detector's weights are in those of a whole model.
DETECTOR_KEYS = ('estimator.detector.', 'detector.')


def project_config(name: str) -> str:
    """The config of the project that a bare name means; a path is itself."""
    if '/' in name or name.endswith('.py'):
        return name
    return f'projects/{PROJECT.name}/configs/{name}'


def trained_model(
    config: str,
    checkpoint: str | None = None,
    options: dict[str, Any] | None = None,
    detector: BaseDetector | None = None,
) -> SMOT:
    """Build a config's model in eval mode.

    Args:
        config: Its name, such as ``'single-shot_tiny_synsmot'``, or a path.
        checkpoint: Weights of the whole model or of its detector; ``None``: those that
            come with the project for this config.
        options: Keys of the config to set.
        detector: In place of the config's; then no weights are read.

    Raises:
        FileNotFoundError: No weights come with the project for this config.
    """
    config = project_config(config)
    loaded = load_config(config, options or {})
    if detector is not None:
        return MODELS.build(with_detector(loaded.model, detector)).eval()
    path = checkpoint or bundled_weights(config)
    if path is None:
        raise FileNotFoundError(
            f'no weights come with the project for {config}: name a checkpoint'
        )
    drop_init_cfg(loaded.model)
    model = MODELS.build(loaded.model)
    load_weights(model.estimator.detector, path, within=DETECTOR_KEYS)
    return model.eval()


def with_detector(model: dict[str, Any], detector: BaseDetector) -> dict[str, Any]:
    """A model's config with another detector, in its estimator or in the shorthand."""
    if model.get('estimator') is None:
        return {**model, 'detector': detector}
    return {**model, 'estimator': {**model['estimator'], 'detector': detector}}
