"""Every registry of mmsmot, in the order of the data flow.

All are children of MMEngine's registries, so that ``type='mmdet.X'`` and
``_scope_='mmdet'`` reach OpenMMLab's parts, except :data:`TRACKERS`, which is a root of
our own: MMEngine has none and a tracker here is NumPy, not a ``nn.Module``.

``locations`` are imported by MMEngine the first time a registry is asked for a part, so
importing this module costs nothing and users need no ``custom_imports`` for our parts.
"""

from typing import Any

try:
    from mmengine import registry as mmengine_registry
except ImportError as error:
    raise ImportError(
        "mmsmot needs OpenMMLab's mmengine for its registries and configs. Install the "
        "tested stack with  pip install 'mmsmot[onedl]'  or bring your own mmengine."
    ) from error

from .utils.arguments import did_you_mean, require_arguments
from .utils.legacy_names import upgrade_legacy_part

SCOPE = 'mmsmot'
PART_MODULES: list[str] = []  # every module that registers parts


def _child(name: str, parent: str, *locations: str) -> mmengine_registry.Registry:
    PART_MODULES.extend(locations)
    return mmengine_registry.Registry(
        name,
        parent=getattr(mmengine_registry, parent),
        scope=SCOPE,
        locations=list(locations),
    )


# data: video -> samples
DATASETS = _child(
    'dataset',
    'DATASETS',
    'mmsmot.datasets.mot_challenge',
    'mmsmot.datasets.bensmot.dataset',
)
TRANSFORMS = _child('transform', 'TRANSFORMS', 'mmsmot.datasets.transforms')
DATA_SAMPLERS = _child(
    'data sampler', 'DATA_SAMPLERS', 'mmsmot.datasets.seeded_sampler'
)

# models: samples -> detections -> tracks -> captions and interactions
TRACKER_MODULES = [
    'mmsmot.models.trackers',
    'mmsmot.models.trackers.mmdet_tracker',
    'mmsmot.models.trackers.roboflow_tracker',
]
TRACKERS = mmengine_registry.Registry(
    'tracker',
    scope=SCOPE,
    locations=[*TRACKER_MODULES],
)
PART_MODULES += TRACKER_MODULES
MODELS = _child(
    'model',
    'MODELS',
    'mmsmot.models.backbones',
    'mmsmot.models.necks',
    'mmsmot.models.dense_heads',
    'mmsmot.models.detectors',
    'mmsmot.models.detectors.cached_detector',
    'mmsmot.models.detectors.mmdet_detector',
    'mmsmot.models.detectors.transformers_detector',
    'mmsmot.models.reid',
    'mmsmot.models.estimators',
    'mmsmot.models.trajectory',
    'mmsmot.models.fusion',
    'mmsmot.models.language',
    'mmsmot.models.heads',
    'mmsmot.models.semantics.trajectory_semantics',
    'mmsmot.models.vlm.vision_language_semantics',
    'mmsmot.models.kinematics',
    'mmsmot.models.smot',
)
MODEL_WRAPPERS = _child('model wrapper', 'MODEL_WRAPPERS')
WEIGHT_INITIALIZERS = _child('weight initializer', 'WEIGHT_INITIALIZERS')
TASK_UTILS = _child(
    'task util',
    'TASK_UTILS',
    'mmsmot.models.detectors',
    'mmsmot.models.post_processing',
    'mmsmot.models.training.clip_training',
)

# judging: predictions + truth -> numbers and images
METRICS = _child(
    'metric',
    'METRICS',
    'mmsmot.evaluation.tracking_metric',
    'mmsmot.evaluation.smot_metric',
)
EVALUATOR = _child('evaluator', 'EVALUATOR')
VISUALIZERS = _child('visualizer', 'VISUALIZERS')
VISBACKENDS = _child('vis_backend', 'VISBACKENDS')

# engine: what runs it all
RUNNERS = _child('runner', 'RUNNERS')
RUNNER_CONSTRUCTORS = _child('runner constructor', 'RUNNER_CONSTRUCTORS')
LOOPS = _child('loop', 'LOOPS')
HOOKS = _child('hook', 'HOOKS', 'mmsmot.engine.hooks')
OPTIMIZERS = _child('optimizer', 'OPTIMIZERS')
OPTIM_WRAPPERS = _child('optim_wrapper', 'OPTIM_WRAPPERS')
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    'optimizer wrapper constructor', 'OPTIM_WRAPPER_CONSTRUCTORS'
)
PARAM_SCHEDULERS = _child('parameter scheduler', 'PARAM_SCHEDULERS')
LOG_PROCESSORS = _child('log_processor', 'LOG_PROCESSORS')
INFERENCERS = _child('inferencer', 'INFERENCERS', 'mmsmot.apis.inferencer')


def build_part(
    part: Any, registry: mmengine_registry.Registry = MODELS, /, **known: Any
) -> Any:
    """A part from its config; what is a part already, or ``None``, stays as it is.

    Args:
        part: A config with ``type``, a part, or ``None``.
        registry: Where its type stands.
        known: Options that follow from other parts; a config may leave them out.

    Raises:
        KeyError: A type that is not registered, an argument that the part does not take, or
            one that it lacks; names similar ones.
        ValueError: A config has another value where one is known, or one of another type
            than the part wants.
    """
    if not isinstance(part, dict):
        return part
    part = dict(part)
    upgrade_legacy_part(part)
    for key, value in known.items():
        if part.get(key, value) != value:
            raise ValueError(
                f'{part.get("type")} has {key}={part[key]}, but with the other parts it '
                f'must be {value}; leave it out, and it will be'
            )
    part |= known
    kind = part.get('type')
    part_class = registry.get(kind) if isinstance(kind, str) else kind
    if part_class is None and kind is not None and '_scope_' not in part:
        raise KeyError(
            f'there is no {registry.name} named {kind!r}.'
            + did_you_mean(kind, sorted(registry.module_dict))
            + ' A part of your own needs custom_imports.'
        )
    if part_class is not None and '_scope_' not in part:
        require_arguments(part_class, part, str(getattr(part_class, '__name__', kind)))
    return registry.build(part)
