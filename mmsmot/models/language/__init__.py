"""Tokenizers, text decoders and models that answer questions about pictures."""

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
