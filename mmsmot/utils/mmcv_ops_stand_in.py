"""A stand-in for mmcv's compiled operators, for environments without a compiler.

``mmdet.models`` imports ``mmcv._ext`` even for detectors that call none of its operators
or only NMS. This module takes that name where the real one is missing: it has NMS,
RoIAlign and the modulated deformable convolution in torch, and every other operator is a
function that says what it needs. Where the real one was built without a GPU, its operators
know the CPU alone; there those in torch help out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

import torch

from .deformable_convolution import modulated_deform_conv2d
from .roi_align import roi_align

MODULE = 'mmcv._ext'
# mmcv's operators to the functions here.
STAND_INS = {
    'nms': 'stand_in_nms',
    'roi_align_forward': 'roi_align_forward',
    'roi_align_backward': 'roi_align_backward',
    'modulated_deform_conv_forward': 'modulated_deform_conv_forward',
    'modulated_deform_conv_backward': 'modulated_deform_conv_backward',
}
NO_KERNEL = 'implementation for device'  # "... cuda:0 not found", says mmcv


class MissingOperatorError(NotImplementedError):
    """A compiled operator was called that this mmcv was built without."""


def stand_in_nms(
    boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int
) -> torch.Tensor:
    """Indices of the boxes that survive, best first; as the compiled operator.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        scores: (N,).
        iou_threshold: A box is dropped if it overlaps a better one by more.
        offset: Width and height are ``x2 - x1 + offset``.
    """
    device = boxes.device
    # Every step asks whether a box is alive; a GPU would be waited for each time.
    boxes, scores = boxes.cpu(), scores.cpu()
    order = scores.sort(descending=True, stable=True).indices
    boxes = boxes[order]
    areas = (boxes[:, 2:] - boxes[:, :2] + offset).prod(dim=1)
    alive = torch.ones(len(boxes), dtype=torch.bool)
    for i in range(len(boxes)):
        if not alive[i]:
            continue
        later_boxes = boxes[i + 1 :]
        sizes = torch.minimum(boxes[i, 2:], later_boxes[:, 2:]) - torch.maximum(
            boxes[i, :2], later_boxes[:, :2]
        )
        overlap = (sizes + offset).clamp(min=0).prod(dim=1)
        iou = overlap / (areas[i] + areas[i + 1 :] - overlap)
        alive[i + 1 :] &= ~(iou > iou_threshold)
    return order[alive].to(device)


def roi_align_forward(
    inputs: torch.Tensor,
    rois: torch.Tensor,
    output: torch.Tensor,
    _argmax_y: torch.Tensor,
    _argmax_x: torch.Tensor,
    **options: Any,
) -> None:
    """Fills ``output`` (R, C, h, w) with the mean features of boxes, as the operator.

    Args:
        inputs: (B, C, H, W).
        rois: (R, 5), the row of ``inputs``, x1, y1, x2, y2.
        output: Gets the result.
        options: mmcv's: ``aligned_height`` and ``aligned_width`` of the output,
            ``spatial_scale``, ``sampling_ratio``, ``pool_mode``, ``aligned``.

    Raises:
        MissingOperatorError: The greatest features in a box, or mmcv's older alignment.
    """
    with torch.no_grad():
        output.copy_(_roi_align(inputs, rois, options))


def roi_align_backward(
    grad_output: torch.Tensor,
    rois: torch.Tensor,
    _argmax_y: torch.Tensor,
    _argmax_x: torch.Tensor,
    grad_inputs: torch.Tensor,
    **options: Any,
) -> None:
    """Adds to the gradient of the inputs, as the operator.

    RoIAlign is linear in the inputs: its gradient is the same at all of them.
    """
    leaf = torch.zeros_like(grad_inputs, requires_grad=True)
    with torch.enable_grad():
        output = _roi_align(leaf, rois, options)
    (gradient,) = torch.autograd.grad(output, leaf, grad_output)
    grad_inputs += gradient


def _roi_align(
    inputs: torch.Tensor, rois: torch.Tensor, options: dict[str, Any]
) -> torch.Tensor:
    if options['pool_mode'] != 1 or not options['aligned']:
        raise MissingOperatorError(
            'RoIAlign without compiled operators is that of pool_mode="avg" and '
            'aligned=True, which mmdet takes everywhere; another one needs mmcv with '
            'operators'
        )
    size = options['aligned_height'], options['aligned_width']
    boxes = rois[:, 1:] * options['spatial_scale']
    samples = max(options['sampling_ratio'], 0)
    pooled = roi_align(inputs, rois[:, 0].long(), boxes, size, samples)
    return pooled.transpose(1, 2).unflatten(2, size)


def modulated_deform_conv_forward(
    inputs: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    _ones_buffer: torch.Tensor,
    offset: torch.Tensor,
    mask: torch.Tensor,
    output: torch.Tensor,
    _columns_buffer: torch.Tensor,
    **options: int,
) -> None:
    """Fills ``output``, as the compiled operator, which alone reads the two buffers.

    Args: see :func:`~.deformable_convolution.modulated_deform_conv2d`; ``options`` are its
    keyword arguments by mmcv's names.
    """
    sizes, has_bias = _conv_options(options)
    with torch.no_grad():
        output.copy_(
            modulated_deform_conv2d(
                inputs, offset, mask, weight, bias if has_bias else None, **sizes
            )
        )


def modulated_deform_conv_backward(
    inputs: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    _ones_buffer: torch.Tensor,
    offset: torch.Tensor,
    mask: torch.Tensor,
    _columns_buffer: torch.Tensor,
    grad_inputs: torch.Tensor,
    grad_weight: torch.Tensor,
    grad_bias: torch.Tensor,
    grad_offset: torch.Tensor,
    grad_mask: torch.Tensor,
    grad_output: torch.Tensor,
    **options: int,
) -> None:
    """Adds to the gradients, as the compiled operator.

    The forward pass is computed again, image by image, so that the columns of one image
    at a time are in memory.
    """
    sizes, has_bias = _conv_options(options)
    for i in range(len(inputs)):
        rows = slice(i, i + 1)
        leaves = [inputs[rows], offset[rows], mask[rows], weight]
        leaves = [leaf.detach().requires_grad_() for leaf in leaves]
        with torch.enable_grad():
            output = modulated_deform_conv2d(*leaves, **sizes)
        gradients = torch.autograd.grad(output, leaves, grad_output[rows])
        totals = grad_inputs[rows], grad_offset[rows], grad_mask[rows], grad_weight
        for total, gradient in zip(totals, gradients, strict=True):
            total += gradient
    if has_bias:
        grad_bias += grad_output.sum((0, 2, 3))


def _conv_options(options: dict[str, int]) -> tuple[dict[str, Any], bool]:
    """The arguments of the convolution by our names, and whether it has a bias."""
    pairs = {
        name: (options[f'{short}_h'], options[f'{short}_w'])
        for name, short in (
            ('stride', 'stride'),
            ('padding', 'pad'),
            ('dilation', 'dilation'),
        )
    }
    sizes = dict(groups=options['group'], deform_groups=options['deformable_group'])
    return {**pairs, **sizes}, bool(options['with_bias'])


def _missing(name: str) -> Callable[..., NoReturn]:
    if name.startswith('__'):  # what Python itself asks of a module
        raise AttributeError(name)

    def operator(*args: Any, **kwargs: Any) -> NoReturn:
        raise MissingOperatorError(
            f"this model calls mmcv's compiled operator {name!r}, and the mmcv here was "
            'built without operators. Build it with them (a compiler, 10 to 20 '
            'minutes):  pip install --no-build-isolation --force-reinstall --no-deps '
            'onedl-mmcv'
        )

    return operator


def install_mmcv_ops_stand_in() -> None:
    """Put the stand-in where mmcv looks for its operators."""
    module = ModuleType(MODULE)
    for name, function in STAND_INS.items():
        setattr(module, name, globals()[function])
    module.__getattr__ = _missing
    module.__file__ = __file__
    module.__spec__ = ModuleSpec(MODULE, loader=None)  # MMEngine looks for it
    sys.modules[MODULE] = module


def add_mmcv_fallbacks(module: ModuleType) -> None:
    """Let mmcv's operators work on devices and layouts that they were not built for.

    Args:
        module: mmcv's own; the operators that there are here are replaced.
    """
    for name in STAND_INS:
        if hasattr(module, name):
            setattr(module, name, _with_fallback(getattr(module, name), name))


def _with_fallback(compiled: Callable, name: str) -> Callable:
    def operator(*args: Any, **kwargs: Any) -> Any:
        if name == 'roi_align_forward':
            # It reads memory as if channels came first, whatever the layout: from feature
            # maps with channels last it pools numbers of other places, without an error.
            args = (args[0].contiguous(), *args[1:])
        try:
            return compiled(*args, **kwargs)
        except RuntimeError as error:
            if NO_KERNEL not in str(error):
                raise
        return globals()[STAND_INS[name]](*args, **kwargs)

    return operator
