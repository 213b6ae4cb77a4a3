"""Zero-shot captions and interactions by a vision-language model."""

from .vision_language_semantics import VisionLanguageSemantics

__all__ = ['VisionLanguageSemantics']
