"""Everything that the project registers; configs import this module."""

from projects.query_trackers.query_tracker import QueryTracker
from projects.referring_mot.datasets.lamot import LaMOTDataset
from projects.referring_mot.datasets.refer_kitti import ReferKITTIDataset
from projects.referring_mot.datasets.referring_dataset import ReferringDataset
from projects.referring_mot.datasets.window_cache import WindowCacheDataset
from projects.referring_mot.evaluation.referring_metric import ReferringMetric
from projects.referring_mot.models.early_fusion import EarlyFusion
from projects.referring_mot.models.expression_statistics_hook import (
    ExpressionStatisticsHook,
)
from projects.referring_mot.models.ikun import IKUN
from projects.referring_mot.models.knowledge_unification import KnowledgeUnification
from projects.referring_mot.models.refer_filter import ReferFilter
from projects.referring_mot.models.refer_heads import (
    ConcatReferHead,
    CrossAttentionReferHead,
    LinearReferHead,
    SemanticCorrelation,
)
from projects.referring_mot.models.refer_hook import ReferHook
from projects.referring_mot.models.semantic_guidance import SemanticGuidance
from projects.referring_mot.models.similarity_calibration import SimilarityCalibration
from projects.referring_mot.models.text_encoders.onnx_text_encoder import (
    ONNXTextEncoder,
)
from projects.referring_mot.models.text_encoders.small_text_encoder import (
    SmallTextEncoder,
)
from projects.referring_mot.models.text_encoders.transformers_text_encoder import (
    TransformersTextEncoder,
)
from projects.referring_mot.models.visual_encoders import BackboneEncoder, ConvEncoder
from projects.referring_mot.models.window_pooling import CosinePooling, WindowAttention

__all__ = [
    'BackboneEncoder',
    'ConcatReferHead',
    'ConvEncoder',
    'CosinePooling',
    'CrossAttentionReferHead',
    'EarlyFusion',
    'ExpressionStatisticsHook',
    'IKUN',
    'KnowledgeUnification',
    'LaMOTDataset',
    'LinearReferHead',
    'ONNXTextEncoder',
    'QueryTracker',
    'ReferFilter',
    'ReferHook',
    'ReferKITTIDataset',
    'ReferringDataset',
    'ReferringMetric',
    'SemanticCorrelation',
    'SemanticGuidance',
    'SimilarityCalibration',
    'SmallTextEncoder',
    'TransformersTextEncoder',
    'WindowAttention',
    'WindowCacheDataset',
]
