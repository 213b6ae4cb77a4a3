"""Where the model zoo of mmdet has the weights of a config."""

from __future__ import annotations

from mmengine.hub import get_config


def zoo_url(name: str) -> str | None:
    """Address of the weights of a config, as the installed package's index has it.

    Args:
        name: ``'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py'``.

    Returns:
        ``None`` where it lists none.

    Raises:
        FileNotFoundError: There is no such config.
    """
    return getattr(get_config(name, pretrained=True), 'model_path', None)
