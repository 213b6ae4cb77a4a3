"""Tokenizers and text decoders."""

from .text_decoder import TextDecoder
from .tokenizer import BaseTokenizer, CaptionTokenizer, PretrainedTokenizer

__all__ = ['BaseTokenizer', 'CaptionTokenizer', 'PretrainedTokenizer', 'TextDecoder']
