"""A sentence encoder exported to ONNX, such as MiniLM."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmsmot.registry import MODELS
from mmsmot.utils.error_messages import first_line
from mmsmot.utils.number_ranges import COUNT, NON_NEGATIVE_INT, require_numbers
from mmsmot.utils.onnx_session import open_onnx
from projects.referring_mot.models.text_encoders.base import FrozenTextEncoder

INPUTS = {'input_ids', 'attention_mask', 'token_type_ids'}


@MODELS.register_module()
class ONNXTextEncoder(FrozenTextEncoder):
    """A BERT with word pieces whose mean over tokens is the sentence, of length 1.

    Args:
        model: The ONNX file: ``input_ids``, ``attention_mask`` and perhaps
            ``token_type_ids`` (B, L) int64 in, ``last_hidden_state`` (B, L, d) out.
        vocab: The file of its word pieces, one a line (``vocab.txt``).
        lowercase: Whether they are lower case.
        max_length: Tokens of a sentence, both marks included.
        num_threads: Threads of an operator, 0 for onnxruntime's choice.

    Raises:
        FileNotFoundError: A file is not there.
        ValueError: The model is of another kind.
    """

    def __init__(
        self,
        *,
        model: str | None,
        vocab: str,
        lowercase: bool = True,
        max_length: int = 64,
        num_threads: int = 1,
    ) -> None:
        require_numbers('ONNXTextEncoder', COUNT, max_length=max_length)
        require_numbers('ONNXTextEncoder', NON_NEGATIVE_INT, num_threads=num_threads)
        super().__init__(max_length)
        self.model = _file(model, 'the ONNX file of a sentence encoder')
        self._tokenizer = _word_pieces(_file(vocab, 'the word pieces'), lowercase)
        self._session = open_onnx(
            self.model,
            'ONNXTextEncoder',
            '--weights',
            ['CPUExecutionProvider'],
            num_threads,
        )
        self._names = [node.name for node in self._session.get_inputs()]
        shape = self._session.get_outputs()[0].shape
        if not set(self._names) <= INPUTS or len(shape) != 3:
            raise ValueError(
                f'{self.model}: ONNXTextEncoder expects the inputs {sorted(INPUTS)} and an '
                f'output (B, L, d), got {self._names} and {shape}'
            )
        self.channels = int(shape[-1])

    def encode(self, texts: Sequence[str]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        # One by one: an int8 export scales its activations by the whole batch, so that a
        # sentence would depend on the others of its call.
        ids = self._tokenizer.encode(text).ids
        self.warn_cut(text, len(ids))
        if len(ids) > self.max_length:
            ids = [*ids[: self.max_length - 1], ids[-1]]
        row = np.array([ids], np.int64)
        values = {
            'input_ids': row,
            'attention_mask': np.ones_like(row),
            'token_type_ids': np.zeros_like(row),
        }
        try:
            (states, *_) = self._session.run(None, {n: values[n] for n in self._names})
        except Exception as error:  # onnxruntime's own exceptions share no base class
            raise ValueError(
                f'{self.model}: onnxruntime cannot encode {text[:60]!r}: {first_line(error)}'
            ) from error
        words = torch.from_numpy(states[0].astype(np.float32))
        return words, torch.nn.functional.normalize(words.mean(0), dim=0)


def _file(path: str | None, content: str) -> str:
    if not path or not Path(path).expanduser().is_file():
        raise FileNotFoundError(
            f'ONNXTextEncoder: {content} is not at {path!r}. Name it with --cfg-options, '
            'or take dict(type="SmallTextEncoder", ...), which needs no file.'
        )
    return str(Path(path).expanduser())


def _word_pieces(path: str, lowercase: bool) -> Any:
    from tokenizers import BertWordPieceTokenizer

    return BertWordPieceTokenizer(path, lowercase=lowercase)
