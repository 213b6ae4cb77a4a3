"""Captions and interactions by a vision-language model, nothing trained."""

from .vision_language_semantics import VisionLanguageSemantics

__all__ = ['VisionLanguageSemantics']
