"""The Python API: inferencer, session, and results."""

from .infer import infer_video
from .inferencer import SMOTInferencer
from .result import read_result
from .session import SMOTSession

__all__ = ['SMOTInferencer', 'SMOTSession', 'infer_video', 'read_result']
