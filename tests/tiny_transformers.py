"""Folders of tiny, randomly initialised models of transformers, as users have them."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3Processor,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    RTDetrResNetConfig,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.idefics3.image_processing_pil_idefics3 import (
    Idefics3ImageProcessorPil,
)
from transformers.models.rt_detr.image_processing_pil_rt_detr import (
    RTDetrImageProcessorPil,
)

WORDS = ['a', 'person', 'in', 'red', 'blue', 'the', 'man', 'hugs', 'talks', 'to']
WORDS += ['walks', 'nothing', 'and', '.', ':', ',', '?', 'USER', 'ASSISTANT', 'show']
CHAT = (
    '{% for message in messages %}<s>USER: {% for part in message["content"] %}'
    '{% if part["type"] == "image" %}<image>{% else %}{{ part["text"] }}{% endif %}'
    '{% endfor %}{% endfor %}{% if add_generation_prompt %} ASSISTANT:{% endif %}'
)
TEXT = dict(
    hidden_size=16,
    intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=2,
    max_position_embeddings=2048,
)


def save_detector(folder: Path, seed: int = 0, kind: str = 'RTDetr') -> Path:
    """A detector with three classes, ``person`` the second of them.

    Args:
        folder: Gets its files.
        seed: Of its weights.
        kind: ``'RTDetr'``, ``'RTDetrV2'`` or ``'DFine'``.
    """
    torch.manual_seed(seed)
    options = dict(
        encoder_hidden_dim=16,
        encoder_in_channels=[8, 8, 8],
        encoder_ffn_dim=16,
        encoder_attention_heads=2,
        encoder_layers=1,
        d_model=16,
        num_queries=12,
        decoder_in_channels=[16, 16, 16],
        decoder_ffn_dim=16,
        decoder_layers=1 if kind == 'RTDetr' else 2,  # later ones share weights
        decoder_attention_heads=2,
        decoder_n_points=2,
        num_denoising=0,
        id2label={0: 'car', 1: 'Person', 2: 'dog'},
    )
    if kind == 'DFine':
        options |= dict(backbone_config=tiny_hgnet(), lqe_hidden_dim=8, max_num_bins=8)
    else:
        options |= dict(backbone_config=tiny_resnet())
    config = getattr(transformers, f'{kind}Config')(**options)
    model = getattr(transformers, f'{kind}ForObjectDetection')(config)
    decoder = model.model.decoder
    with torch.no_grad():  # what it starts with: all scores and boxes nearly equal
        for layer in decoder.class_embed:
            layer.weight.normal_(std=100.0)
            layer.bias.copy_(torch.tensor([0.0, 0.5, 0.0]))
        for layer in decoder.bbox_embed[0].layers:
            layer.weight.normal_(std=2.0)
    model.save_pretrained(folder)
    RTDetrImageProcessorPil(size=dict(height=64, width=64)).save_pretrained(folder)
    return folder


def tiny_resnet() -> RTDetrResNetConfig:
    return RTDetrResNetConfig(
        embedding_size=8,
        hidden_sizes=[8, 8, 8, 8],
        depths=[1, 1, 1, 1],
        layer_type='basic',
        out_features=['stage2', 'stage3', 'stage4'],
    )


def tiny_hgnet() -> transformers.HGNetV2Config:
    return transformers.HGNetV2Config(
        hidden_sizes=[8, 8, 8, 8],
        stem_channels=[3, 8, 8],
        stage_in_channels=[8, 8, 8, 8],
        stage_mid_channels=[8, 8, 8, 8],
        stage_out_channels=[8, 8, 8, 8],
        stage_num_blocks=[1, 1, 1, 1],
        stage_numb_of_layers=[1, 1, 1, 1],
        out_features=['stage2', 'stage3', 'stage4'],
    )


def tokenizer(*special: str) -> PreTrainedTokenizerFast:
    """Words of one's own, all others unknown."""
    words = ['<pad>', '<s>', '</s>', '<unk>', *special, *WORDS]
    made = Tokenizer(
        models.WordLevel({w: i for i, w in enumerate(words)}, unk_token='<unk>')
    )
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token='<pad>',
        bos_token='<s>',
        eos_token='</s>',
        unk_token='<unk>',
        additional_special_tokens=[*special],
    )


def save_llava(folder: Path, chat: str | None = CHAT, seed: int = 0) -> Path:
    """LLaVA: 4 tokens an image of 16 x 16."""
    words = tokenizer('<image>')
    torch.manual_seed(seed)
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
        projection_dim=16,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=LlamaConfig(vocab_size=len(words), **TEXT),
        image_token_index=words.convert_tokens_to_ids('<image>'),
    )
    side = dict(height=16, width=16)
    pictures = CLIPImageProcessorPil(size=side, crop_size=side)
    model = LlavaForConditionalGeneration(config)
    _prepare_to_speak(model, words)
    model.save_pretrained(folder)
    LlavaProcessor(
        pictures,
        words,
        patch_size=8,
        vision_feature_select_strategy='default',
        num_additional_image_tokens=1,
        chat_template=chat,
    ).save_pretrained(folder)
    return folder


def save_idefics3(folder: Path, seed: int = 0, tiles: int = 1) -> Path:
    """Idefics3, the family of SmolVLM, with one token a image.

    Args:
        folder: Gets its files.
        seed: Of its weights.
        tiles: Tiles on the longest side that its processor cuts a image into.
    """
    marks = ('<fake_token_around_image>', '<image>', '<end_of_utterance>')
    words = tokenizer(*marks, '<global-img>')
    torch.manual_seed(seed)
    config = Idefics3Config(
        vision_config=dict(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            image_size=16,
            patch_size=8,
        ),
        text_config=dict(model_type='llama', vocab_size=len(words), **TEXT),
        image_token_id=words.convert_tokens_to_ids('<image>'),
        scale_factor=2,
    )
    pictures = Idefics3ImageProcessorPil(
        size=dict(longest_edge=16 * tiles),
        max_image_size=dict(longest_edge=16),
        do_image_splitting=tiles > 1,
    )
    model = Idefics3ForConditionalGeneration(config)
    _prepare_to_speak(model, words)
    model.save_pretrained(folder)
    Idefics3Processor(
        pictures, words, image_seq_len=1, chat_template=CHAT
    ).save_pretrained(folder)
    return folder


def save_smolvlm_shape(folder: Path, seed: int = 0) -> Path:
    """Random weights in the shape of SmolVLM-500M-Instruct, 1 GB; words as above."""
    marks = ('<fake_token_around_image>', '<image>', '<end_of_utterance>')
    places = [f'<row_{i}_col_{j}>' for i in range(1, 5) for j in range(1, 5)]
    words = tokenizer(*marks, '<global-img>', *places)
    torch.manual_seed(seed)
    config = Idefics3Config(
        vision_config=dict(
            hidden_size=768,
            intermediate_size=3072,
            num_hidden_layers=12,
            num_attention_heads=12,
            image_size=512,
            patch_size=16,
        ),
        text_config=dict(
            model_type='llama',
            vocab_size=49280,
            hidden_size=960,
            intermediate_size=2560,
            num_hidden_layers=32,
            num_attention_heads=15,
            num_key_value_heads=5,
            head_dim=64,
            max_position_embeddings=8192,
        ),
        image_token_id=words.convert_tokens_to_ids('<image>'),
        scale_factor=4,
    )
    pictures = Idefics3ImageProcessorPil(
        size=dict(longest_edge=2048), max_image_size=dict(longest_edge=512)
    )
    torch.set_default_dtype(torch.bfloat16)
    try:
        model = Idefics3ForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(torch.float32)
    model.generation_config.eos_token_id = words.eos_token_id
    model.generation_config.suppress_tokens = list(words.all_special_ids)
    model.save_pretrained(folder)
    Idefics3Processor(
        pictures, words, image_seq_len=64, chat_template=CHAT
    ).save_pretrained(folder)
    return folder


def _prepare_to_speak(model: torch.nn.Module, words: PreTrainedTokenizerFast) -> None:
    """Answers of a word or more, and weights so large that what is seen changes them."""
    how = model.generation_config
    how.eos_token_id = words.eos_token_id
    how.begin_suppress_tokens = [words.eos_token_id]
    how.suppress_tokens = [i for i in words.all_special_ids if i != words.eos_token_id]
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.mul_(8)
