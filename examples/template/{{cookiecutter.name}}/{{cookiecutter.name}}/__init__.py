"""The kernels of the lecture."""

from .mean import mean

__all__ = ["mean"]
