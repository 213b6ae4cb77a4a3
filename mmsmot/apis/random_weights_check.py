"""Whether a model runs on weights that nobody trained."""

from __future__ import annotations

from ..models.smot import SMOT


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
