"""Images and crops to grids of features: a small network, or a backbone of mmdet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from mmsmot.registry import MODELS
from mmsmot.utils.bundled_weights import weights_path
from mmsmot.utils.checkpoint import load_checkpoint, require_checkpoint_weights
from mmsmot.utils.mmdet_bridge import import_mmdet, mmdet_scope
from mmsmot.utils.number_ranges import (
    COUNT,
    POSITIVE,
    NumberRange,
    require_numbers,
)
from mmsmot.utils.weights_hash import weights_hash

# ImageNet's, of RGB; what pretrained backbones were trained with.
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


class BaseVisualEncoder(nn.Module):
    """Contract of the visual encoder slot; crops and whole frames go through the same.

    What is not trained is in :meth:`extract`, so that it can be kept in a cache.

    Attributes:
        channels: C.
    """

    channels: int

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        """The frozen part (N, C', h', w') of N images (N, 3, H, W), BGR from 0 to 255."""
        raise NotImplementedError

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """The trained part (N, C, h, w), of what :meth:`extract` gave."""
        raise NotImplementedError

    def extract_fingerprint(self) -> str:
        """Of all that decides what :meth:`extract` gives; asked for by a cache alone.

        Raises:
            ValueError: A part of it learns, so that what was kept would not hold.
        """
        return weights_hash(self)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Features (N, C, h, w) of N images."""
        return self.embed(self.extract(images))


@MODELS.register_module()
class ConvEncoder(BaseVisualEncoder):
    """A few convolutions, each of which halves height and width (ours).

    The first ones may come from a ``CropTokens`` that has learnt to describe people, and
    stay as they are: as iKUN starts from CLIP, and for the same reason, that a few
    hundred sentences teach little of how things look.

    Args:
        widths: Channels after each convolution.
        groups: Of the group norms; one process trains as two do.
        pretrained: Weights of a pipeline with ``CropTokens``, a file or the name of those
            that come with the package; ``None``: none.
        num_frozen: Convolutions that are taken from there and not trained.
        mean: Subtracted from BGR pixels, 0 to 255; that of ``centernet_tiny``.
        std: Divides them.

    Raises:
        ValueError: The weights have other shapes, or there are none of ``CropTokens``.
    """

    PREFIX = 'semantics.roi.crop.layers.'
    LAYERS_PER_STEP = 3  # convolution, norm, activation

    def __init__(
        self,
        *,
        widths: Sequence[int] = (24, 48, 96, 128),
        groups: int = 8,
        pretrained: str | None = None,
        num_frozen: int = 0,
        mean: float = 114.0,
        std: float = 58.0,
    ) -> None:
        super().__init__()
        require_numbers('ConvEncoder', COUNT, groups=groups)
        step_range = NumberRange(0, len(widths), integer=True)
        require_numbers('ConvEncoder', step_range, num_frozen=num_frozen)
        require_numbers('ConvEncoder', POSITIVE, std=std)
        layers: list[nn.Module] = []
        for low, high in zip((3, *widths), widths, strict=False):
            layers += [
                nn.Conv2d(low, high, 3, stride=2, padding=1),
                nn.GroupNorm(groups, high),
                nn.ReLU(),
            ]
        split = num_frozen * self.LAYERS_PER_STEP
        self.frozen = nn.Sequential(*layers[:split]).requires_grad_(False)
        self.layers = nn.Sequential(*layers[split:])
        self.channels = widths[-1]
        self.mean = mean
        self.std = std
        if pretrained is not None:
            self._load_frozen(pretrained)

    def _load_frozen(self, pretrained: str) -> None:
        path = str(weights_path(pretrained))
        checkpoint = load_checkpoint(path)
        weights = checkpoint.get('state_dict', checkpoint)
        names = {self.PREFIX + name: name for name in self.frozen.state_dict()}
        crop_weights = {names[name]: weights[name] for name in names if name in weights}
        require_checkpoint_weights(self.frozen, crop_weights, path)
        self.frozen.load_state_dict(crop_weights)

    @torch.no_grad()
    def extract(self, images: torch.Tensor) -> torch.Tensor:
        return self.frozen((images - self.mean) / self.std)

    def extract_fingerprint(self) -> str:
        return f'{weights_hash(self.frozen)} {self.mean} {self.std}'

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        return self.layers(features)


@MODELS.register_module()
class BackboneEncoder(BaseVisualEncoder):
    """The last level of a backbone of mmdet, such as a ResNet-50.

    iKUN's backbone is CLIP's RN50, a ResNet-50 with another stem and another pooling; a
    plain one has the same grid and width (224 to 7 x 7, 2,048 channels).

    Args:
        backbone: Config of the backbone, of mmdet's registry.
        channels: Of its last level.
        frozen: Whether it is left as it is.
    """

    def __init__(
        self, *, backbone: dict, channels: int = 2048, frozen: bool = False
    ) -> None:
        super().__init__()
        require_numbers('BackboneEncoder', COUNT, channels=channels)
        import_mmdet()
        from mmdet.registry import MODELS as mmdet_models

        with mmdet_scope():
            self.backbone = mmdet_models.build(backbone)
        self.channels = channels
        self.frozen = frozen
        if frozen:
            self.backbone.requires_grad_(False)
        self.register_buffer('mean', torch.tensor(MEAN)[:, None, None], False)
        self.register_buffer('std', torch.tensor(STD)[:, None, None], False)

    def train(self, mode: bool = True) -> BackboneEncoder:
        """As of ``nn.Module``; a frozen backbone keeps its statistics."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def extract(self, images: torch.Tensor) -> torch.Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            return self.backbone((images.flip(1) - self.mean) / self.std)[-1]

    def extract_fingerprint(self) -> str:
        if not self.frozen:
            raise ValueError(
                'BackboneEncoder: features of a backbone that learns cannot be cached: '
                'set frozen=True, or train on the images'
            )
        return super().extract_fingerprint()

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        return features
