"""The functions of PyTorch under NumPy's names, as the backends of `lionhunt.dsl` call them."""

from collections.abc import Callable
from typing import Any

import torch


class TorchArrays:
    """An array module for `PytreeBackend`; a function that is not here is torch's own."""

    shape: Callable[[torch.Tensor], torch.Size] = staticmethod(lambda x: x.shape)
    size: Callable[[torch.Tensor], int] = staticmethod(torch.numel)
    power: Callable[..., torch.Tensor] = staticmethod(torch.pow)

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def float32(self, value: float) -> torch.Tensor:
        return torch.tensor(value, dtype=torch.float32)

    def asarray(self, value: float, dtype: torch.dtype) -> torch.Tensor:
        return torch.asarray(value, dtype=dtype)

    def result_type(self, x: torch.Tensor) -> torch.dtype:
        return x.dtype

    def broadcast_arrays(self, *arrays: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(torch.broadcast_tensors(*arrays))

    def max(self, x: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
        return torch.amax(x, () if axis is None else axis, keepdim=keepdims)

    def cbrt(self, x: torch.Tensor) -> torch.Tensor:
        return torch.copysign(torch.pow(torch.abs(x), 1 / 3), x)
