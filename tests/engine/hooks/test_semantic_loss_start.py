from __future__ import annotations

from types import SimpleNamespace

import pytest

from mmsmot.engine.hooks import SemanticLossStartHook
from mmsmot.models.training.clip_training import ClipTraining


@pytest.mark.parametrize(
    ('iteration', 'enabled'), [(0, False), (599, False), (600, True), (5000, True)]
)
def test_semantic_losses_start_at_the_iteration(iteration: int, enabled: bool) -> None:
    """Also where a resumed run starts beyond it."""
    model = SimpleNamespace(clip_training=ClipTraining())
    runner = SimpleNamespace(model=model, iter=iteration)
    SemanticLossStartHook(iteration=600).before_train_iter(runner, 0)
    assert model.clip_training.semantic_losses_enabled is enabled
