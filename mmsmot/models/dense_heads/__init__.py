"""Dense heads that mmdet lacks; its detectors take them as ``type='mmsmot.NAME'``."""

from .centernet_proposal_head import CenterNetProposalHead

__all__ = ['CenterNetProposalHead']
