"""Names of the released SMOTer's fusion, interactions and texts, and ours.

Its modules are those of Nathan-Li123/SMOTer; the text decoder is GRiT's. The names of its
detector stand in ``released_detector_keys.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

SEMANTICS = 'semantics.'  # where ours stand in a pipeline
CAPTIONS = SEMANTICS + 'instance_caption.'
FUSION = 'roi_heads.fusion_module.'
CLASSIFIER = 'roi_heads.classifier.adapter.'
CAPTION_DECODER = 'roi_heads.caption_text_decoder.'
SUMMARY_DECODER = 'roi_heads.summary_text_decoder.'  # the same transformer, named twice
GRIT_DECODER = 'roi_heads.text_decoder.'
# The text decoder's output layer is its words' embedding.
WORDS, OUTPUT = 'textual.embedding.words.weight', 'textual.output.weight'
POOLED_TOKENS = 128  # of a pair, before the classifier
LAYER = 'transformer.encoder.layer.'
LAYER_PARTS = (
    *('attention.self.query', 'attention.self.key', 'attention.self.value'),
    *('attention.output.dense', 'attention.output.LayerNorm'),
    *('intermediate.dense', 'output.dense', 'output.LayerNorm'),
)


@dataclass(frozen=True)
class SemanticKey:
    """Where a released weight stands in our pipeline.

    Attributes:
        names: In a pipeline's ``state_dict``; of two, the first has a third of the
            released rows, a query, and the second the others, keys and values.
        by_token: Its second axis is channel by token of a pair, ours token by channel.
    """

    names: tuple[str, ...]
    by_token: bool = False

    def to_ours(self, weight: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The weights as our parts want them."""
        if self.by_token:
            return (_reordered(weight, -1, POOLED_TOKENS),)
        if len(self.names) == 1:
            return (weight,)
        third = len(weight) // 3
        return weight[:third].contiguous(), weight[third:].contiguous()

    def to_released(self, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The weight as the release's part wants it, from ours by name."""
        weight = torch.cat([weights[name] for name in self.names])
        return _reordered(weight, POOLED_TOKENS, -1) if self.by_token else weight


def semantic_keys(num_layers: int) -> dict[str, SemanticKey]:
    """All weights of fusion, interactions and texts by their released names.

    Args:
        num_layers: Of the text decoder; 6 in the release.
    """
    return dict(
        (*_fusion_keys(), *_classifier_keys(), *_text_keys(CAPTION_DECODER, num_layers))
    )


def text_decoder_keys(num_layers: int, decoder: str) -> dict[str, SemanticKey]:
    """All weights of the text decoder by their released names.

    Args:
        num_layers: As of :func:`semantic_keys`.
        decoder: Where it stands: :data:`CAPTION_DECODER`, or :data:`GRIT_DECODER`.
    """
    return dict(_text_keys(decoder, num_layers))


def twin_of(name: str) -> str | None:
    """The released name that another name of the same weight goes by, or ``None``."""
    twin = name.replace(SUMMARY_DECODER, CAPTION_DECODER).replace(OUTPUT, WORDS)
    return twin if twin != name else None


def twins(name: str) -> list[str]:
    """All released names of the weight that goes by ``name``, itself included."""
    decoders = [name]
    if name.startswith(CAPTION_DECODER):
        decoders.append(name.replace(CAPTION_DECODER, SUMMARY_DECODER))
    if not name.endswith(WORDS):
        return decoders
    return [n for d in decoders for n in (d, d.replace(WORDS, OUTPUT))]


def _reordered(weight: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    return weight.unflatten(1, (rows, columns)).transpose(1, 2).flatten(1).contiguous()


Pair = tuple[str, SemanticKey]


def _layer_keys(released: str, *ours: str, by_token: bool = False) -> Iterator[Pair]:
    """Weight and bias of a layer, or of one that is two of ours."""
    for kind in ('weight', 'bias'):
        names = tuple(f'{name}.{kind}' for name in ours)
        yield f'{released}.{kind}', SemanticKey(names, by_token and kind == 'weight')


def _attention_keys(released: str, ours: str) -> Iterator[Pair]:
    for kind in ('weight', 'bias'):
        names = f'{ours}.query.{kind}', f'{ours}.key_value.{kind}'
        yield f'{released}.in_proj_{kind}', SemanticKey(names)
    yield from _layer_keys(f'{released}.out_proj', f'{ours}.out')


def _fusion_keys() -> Iterator[Pair]:
    for decoder, attention in (
        ('vv_decoder', 'video_fusion.cell.attention'),
        ('vt_decoder', 'video_caption.attention'),
        ('tt_decoder', 'interaction.attention'),
    ):
        released, ours = FUSION + decoder, SEMANTICS + attention
        yield from _attention_keys(f'{released}.multihead_attn', ours)
        for layer, our_layer in (
            ('linear1', 'ffn.0'),
            ('linear2', 'ffn.3'),
            ('norm1', 'norm'),
            ('norm2', 'ffn_norm'),
        ):
            yield from _layer_keys(f'{released}.{layer}', f'{ours}.{our_layer}')
    encoder = f'{SEMANTICS}trajectory_fusion.layers.0'
    yield from _attention_keys(f'{FUSION}encoder.self_attn', encoder)
    yield from _layer_keys(f'{FUSION}encoder.norm', f'{encoder}.norm')


def _classifier_keys() -> Iterator[Pair]:
    ours = f'{SEMANTICS}interaction.mlp.'
    yield from _layer_keys(f'{CLASSIFIER}linear_1', f'{ours}0', by_token=True)
    yield from _layer_keys(f'{CLASSIFIER}linear_2', f'{ours}3')
    yield from _layer_keys(f'{CLASSIFIER}linear_3', f'{ours}6')


def _text_keys(decoder: str, num_layers: int) -> Iterator[Pair]:
    released, ours = f'{decoder}textual.', f'{CAPTIONS}decoder.model.'
    for i in (0, 1):  # linear layer and norm of the prefix
        layer = f'object_feature_projection.{i}'
        yield from _layer_keys(released + layer, f'{CAPTIONS}project.{i}')
    embeddings = f'{ours}bert.embeddings.'
    for table, name in (
        ('words', 'word_embeddings'),
        ('positions', 'position_embeddings'),
    ):
        key = SemanticKey((f'{embeddings}{name}.weight',))
        yield f'{released}embedding.{table}.weight', key
    norm = f'{embeddings}LayerNorm'
    yield from _layer_keys(f'{released}embedding.layer_norm', norm)
    for i in range(num_layers):
        for part in LAYER_PARTS:
            layer = f'{LAYER}{i}.{part}'
            our_layer = f'bert.encoder.layer.{i}.{part}'
            yield from _layer_keys(released + layer, ours + our_layer)
    key = SemanticKey((f'{ours}cls.predictions.bias',))
    yield f'{released}output.bias', key
