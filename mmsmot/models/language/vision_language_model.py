"""Vision-language model: answers to questions about images."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import nn

from ...registry import MODELS
from ...utils.number_ranges import COUNT, require_numbers
from ...utils.pretrained import load_pretrained, pretrained_fingerprint

# transformers sets padding on a tokenizer that all threads share, which must not happen
# while another one is inside it ("Already borrowed", huggingface/transformers#47085).
PROCESSOR_LOCK = threading.Lock()
# What image processors call the cutting of an image into tiles.
SPLITTING = ('do_image_splitting', 'crop_to_patches')


@dataclass(frozen=True)
class Question:
    """A prompt with images.

    Attributes:
        text: The question.
        images: Loads the images, (H, W, 3) uint8 RGB each, at least one; called batch by
            batch, so that only those of one are held.
    """

    text: str
    images: Callable[[], list[np.ndarray]]


@MODELS.register_module()
class VisionLanguageModel(nn.Module):
    """Any chat model of ``transformers`` that takes several images.

    Answers are greedy, so equal questions have equal answers.

    Args:
        name: A folder, or a name on the Hugging Face hub
            (``'HuggingFaceTB/SmolVLM-500M-Instruct'``). Weights must be safetensors; code
            that comes with a model is not run.
        max_new_tokens: Most tokens of an answer.
        batch_size: Questions answered at once; memory grows with it
            (``configs/foundation/README.md``).
        dtype: Number type of the weights; ``'auto'``: as saved.
        split_images: Whether a processor that enlarges an image and cuts it into tiles,
            each as many tokens as a whole image, may do so (Idefics3, SmolVLM, InternVL);
            ``None``: as its files say. Others do not cut.

    Raises:
        FileNotFoundError: There is no such model.
        ValueError: It has no chat template, is of another kind, or comes as a pickle.
    """

    # For a dry run: the argument that names a model of the hub or its folder.
    hub_argument = 'name'

    def __init__(
        self,
        *,
        name: str | None,
        max_new_tokens: int = 60,
        batch_size: int = 4,
        dtype: str = 'auto',
        split_images: bool | None = None,
    ) -> None:
        super().__init__()
        counts = dict(batch_size=batch_size, max_new_tokens=max_new_tokens)
        require_numbers('VisionLanguageModel', COUNT, **counts)
        self.model, self.processor = load_pretrained(
            'AutoModelForImageTextToText', 'AutoProcessor', name, dtype
        )
        self._tokenizer = getattr(self.processor, 'tokenizer', None)
        if self._tokenizer is None or not hasattr(self.processor, 'image_processor'):
            raise ValueError(
                f'{name}: its processor, {type(self.processor).__name__}, does not take '
                'both images and text; a file of the model may be missing'
            )
        if not self.processor.chat_template and not self._tokenizer.chat_template:
            raise ValueError(
                f'{name} has no chat template (chat_template.jinja): it was not made to '
                'follow instructions. Choose an instruction-tuned model, or add the template '
                'that it was trained with to its folder.'
            )
        # An answer continues its question, so padding stands on the left.
        self._tokenizer.padding_side = 'left'
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self.max_new_tokens = max_new_tokens
        self.batch_size = batch_size
        self._image_options = {
            name: split_images
            for name in SPLITTING
            if split_images is not None
            and hasattr(self.processor.image_processor, name)
        }

    @property
    def fingerprint(self) -> str:
        """A stable text; equal for models that give equal answers."""
        weights = pretrained_fingerprint(self.model, self.processor)
        options = (self.max_new_tokens, *self._image_options.items())
        return f'VisionLanguageModel({weights}, {", ".join(map(str, options))})'

    @torch.no_grad()
    def answer(self, questions: Iterable[Question]) -> list[str]:
        """The answers to questions, ``batch_size`` of them at a time."""
        self.model.eval()
        questions, answers = iter(questions), []
        while batch := list(islice(questions, self.batch_size)):
            answers += self._answer_batch(batch)
        return answers

    def _answer_batch(self, questions: list[Question]) -> list[str]:
        images = [question.images() for question in questions]
        texts = [
            self._prompt(question.text, len(question_images))
            for question, question_images in zip(questions, images, strict=True)
        ]
        bos = self._tokenizer.bos_token
        with PROCESSOR_LOCK:
            inputs = self.processor(
                text=texts,
                images=images,
                padding=True,
                return_tensors='pt',
                # Many templates write the mark themselves; models are not trained on two.
                add_special_tokens=not (bos and texts[0].startswith(bos)),
                **self._image_options,
            ).to(self.model.device)
        for name, value in inputs.items():
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                inputs[name] = value.to(self.model.dtype)
        ids = self.model.generate(
            **inputs,
            max_new_tokens=self.max_new_tokens,
            do_sample=False,
            num_beams=1,
            pad_token_id=self._tokenizer.pad_token_id,
        )
        if not self.model.config.is_encoder_decoder:
            ids = ids[:, inputs['input_ids'].shape[1] :]
        texts = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
        return [' '.join(text.split()) for text in texts]

    def _prompt(self, text: str, count: int) -> str:
        content = [{'type': 'image'} for _ in range(count)]
        content.append({'type': 'text', 'text': text})
        return self.processor.apply_chat_template(
            [{'role': 'user', 'content': content}], add_generation_prompt=True
        )
