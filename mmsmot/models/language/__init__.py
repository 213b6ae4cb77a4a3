"""Tokenizers, text decoders and vision-language models."""

from .text_decoder import TextDecoder
from .tokenizer import BaseTokenizer, CaptionTokenizer, PretrainedTokenizer
from .vision_language_model import Question, VisionLanguageModel

__all__ = [
    'BaseTokenizer',
    'CaptionTokenizer',
    'PretrainedTokenizer',
    'Question',
    'TextDecoder',
    'VisionLanguageModel',
]
