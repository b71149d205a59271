"""Entropic regularisation of optimal transport: the kernels of a small second lecture."""

from .sinkhorn import EntropicPlan, relative_entropy, sinkhorn, soft_min

__all__ = ["EntropicPlan", "relative_entropy", "sinkhorn", "soft_min"]
