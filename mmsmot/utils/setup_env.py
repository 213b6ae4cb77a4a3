"""Registering everything, in OpenMMLab's manner."""

from importlib import import_module

from mmengine.registry import init_default_scope


def register_all_modules(use_scope: bool = True) -> None:
    """Import every part of mmsmot, so that the registries list them.

    Configs need no such call: a registry imports its own parts when it is first asked.

    Args:
        use_scope: Also make ``mmsmot`` the default scope.
    """
    from ..registry import PART_MODULES, SCOPE

    for module in dict.fromkeys(PART_MODULES):
        import_module(module)
    if use_scope:
        init_default_scope(SCOPE)
