"""Whether a model runs on weights that nobody trained."""

from __future__ import annotations

from mmengine.config import Config

from ..engine import is_config_part_type, part_config
from ..models.smot import SMOT


def refuse_random_zoo_weights(config: Config) -> None:
    """Refuse a detector of mmdet's model zoo without its weights, before it is built.

    Built without, it would look for those of its backbone alone, which find nobody.

    Args:
        config: Of a pipeline to which no weights of the whole were given.

    Raises:
        FileNotFoundError: Says where its weights are, and the option that takes them.
    """
    from ..models.detectors import MMDetDetector
    from ..models.detectors.mmdet_zoo import zoo_url

    part = part_config(config, 'detector')
    if part is None or not is_config_part_type(part['type'], MMDetDetector):
        return
    name = part.get('config')
    if (
        part.get('checkpoint') is not None
        or not isinstance(name, str)
        or '::' not in name
    ):
        return
    url = zoo_url(name)
    hint = f'download {url}' if url else "they are on its page in mmdet's model zoo"
    raise FileNotFoundError(
        f'{name} has no weights, and random ones find nobody: {hint}  and give the file '
        'with --weights FILE'
    )


def random_weight_warnings(model: SMOT) -> list[str]:
    """A warning where networks run that never learnt anything; empty where none do.

    Args:
        model: The pipeline, to which no weights of the whole were given.
    """
    # A part that takes a file of weights of its own says which as ``checkpoint``.
    parts = [p for p in model.modules() if getattr(p, 'checkpoint', '') is None]
    if getattr(model.semantics, 'needs', None):
        parts.append(model.semantics)  # trained, and in the whole model's alone
    if not parts:
        return []
    names = ' and '.join(dict.fromkeys(type(part).__name__ for part in parts))
    return [
        f'no weights were given for {names}: what comes from there is random. Give '
        "--weights FILE, the detector's, or a checkpoint of the whole model."
    ]
