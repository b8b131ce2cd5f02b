"""What the silhouette networks are made of: strips, pooling over frames and rows, per-part layers.

Axes: N sequences, T frames, B = N x T frames of all sequences, C channels, H rows, W columns, P
parts, D embedding channels, K identities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.errors import UsageError

SLOPE = 0.01  # of the leaky ReLU of all networks without batch norm


def fold_strips(x_BCHW: Tensor, strips: int) -> Tensor:
    """Horizontal strips as records of their own: (B, C, H, W) -> (B x strips, C, H / strips, W).

    In channels-last memory nothing is copied.
    """
    return torch.unflatten(x_BCHW, 2, (strips, -1)).transpose(1, 2).flatten(0, 1)


def unfold_strips(x_SCHW: Tensor, strips: int) -> Tensor:
    """The inverse of `fold_strips`."""
    return torch.unflatten(x_SCHW, 0, (-1, strips)).transpose(1, 2).flatten(2, 3)


class StripConv2d(nn.Conv2d):
    """A 3x3 convolution that sees each horizontal strip alone, with zeros around it: the focal
    convolution of GaitPart. All strips pass in one call.
    """

    def __init__(self, channels: int, out: int, strips: int) -> None:
        super().__init__(channels, out, 3, padding=1, bias=False)
        self.strips = strips

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return unfold_strips(super().forward(fold_strips(x_BCHW, self.strips)), self.strips)


def plain(
    stages: Sequence[Sequence[int]],
    strips: Sequence[int] = (),
    channels: int = 1,
    first: int = 5,
    norm: bool = False,
) -> nn.Sequential:
    """Convolutions of each frame, stage by stage, with a 2x2 max pooling between stages.

    Args:
        stages: output channels of the convolutions of each stage.
        strips: horizontal strips of each stage; 1 (or nothing): the whole frame.
        channels: of the input.
        first: kernel of the first convolution; all others are 3x3.
        norm: a batch norm and ReLU in place of the leaky ReLU; both fold into an INT8 convolution.
    """
    layers: list[nn.Module] = []
    kernel = first
    for i, stage in enumerate(stages):
        if i:
            layers.append(nn.MaxPool2d(2))
        count = strips[i] if strips else 1
        for out in stage:
            if count > 1:
                layers.append(StripConv2d(channels, out, count))
            else:
                layers.append(nn.Conv2d(channels, out, kernel, padding=kernel // 2, bias=False))
            layers += [nn.BatchNorm2d(out), nn.ReLU()] if norm else [nn.LeakyReLU(SLOPE)]
            channels, kernel = out, 3
    return nn.Sequential(*layers)


def max_over_frames(x_NTX: Tensor, mask_NT: Tensor | None) -> Tensor:
    """Maximum over the frames (N, T, ...) -> (N, ...), of those in the mask alone."""
    if mask_NT is not None:
        x_NTX = x_NTX.masked_fill(~over(mask_NT, x_NTX), -torch.inf)
    return x_NTX.amax(dim=1)


def over(mask_NT: Tensor, x_NTX: Tensor) -> Tensor:
    """A mask of frames in a form that broadcasts over (N, T, ...)."""
    return mask_NT.reshape(*mask_NT.shape, *(1,) * (x_NTX.ndim - 2))


def pyramid(x_NCHW: Tensor, bins: Sequence[int]) -> Tensor:
    """Horizontal pyramid pooling: mean + maximum of each of b equal strips, for every b in `bins`.

    The rows are reduced once, to the finest strips; the coarser ones are made of those.

    Returns:
        (N, C, sum of bins), in the order of `bins`.

    Raises:
        ValueError: bins that do not divide the finest, or the rows.
    """
    finest = max(bins)
    if any(finest % b for b in bins) or x_NCHW.shape[2] % finest:
        raise ValueError(f"{x_NCHW.shape[2]} rows do not part into strips of {bins}")
    strip_NCFX = torch.unflatten(x_NCHW, 2, (finest, -1)).flatten(3)
    mean_NCF, most_NCF = strip_NCFX.mean(dim=3), strip_NCFX.amax(dim=3)
    parts = [
        torch.unflatten(mean_NCF, 2, (b, -1)).mean(dim=3)
        + torch.unflatten(most_NCF, 2, (b, -1)).amax(dim=3)
        for b in bins
    ]
    return torch.cat(parts, dim=2)


class GemRows(nn.Module):
    """Generalised mean of every row: (N, C, H, W) -> (N, C, H), with a learned exponent.

    Each row is divided by its largest value before the power, so that half precision neither
    overflows nor loses it.
    """

    def __init__(self, exponent: float = 6.5, smallest: float = 1e-6) -> None:
        super().__init__()
        self.exponent = nn.Parameter(torch.full((1,), exponent))
        self.smallest = smallest

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NCHW = x_NCHW.clamp(min=self.smallest)
        most_NCH = x_NCHW.detach().amax(dim=3)
        share_NCHW = x_NCHW / most_NCH[..., None]
        mean_NCH = share_NCHW.pow(self.exponent).mean(dim=3)
        return most_NCH * mean_NCH.pow(1 / self.exponent)


class PartFc(nn.Conv2d):
    """A linear layer of its own for each part: (N, C, P) -> (N, D, P), without bias until it is
    whitened.

    One convolution whose groups are the parts, so that INT8 quantises it like any other: the
    weight (P x D, C, 1, 1) has a scale for every output channel of every part.
    """

    def __init__(self, parts: int, channels: int, width: int) -> None:
        super().__init__(parts * channels, parts * width, 1, groups=parts, bias=False)

    def forward(self, x_NCP: Tensor) -> Tensor:
        flat_N11 = x_NCP.transpose(1, 2).flatten(1)[:, :, None, None]
        y_NPD = torch.unflatten(super().forward(flat_N11).flatten(1), 1, (self.groups, -1))
        return y_NPD.transpose(1, 2)

    def whiten(self, centre_PD: Tensor, matrix_PDD: Tensor) -> None:
        """Take in a map of each part, see `Whitening`: it costs no operation beside a bias."""
        parts, width = centre_PD.shape
        self.add_bias()
        assert self.bias is not None
        with torch.no_grad():
            weight_PDC = self.weight.reshape(parts, width, -1)
            self.weight.copy_((matrix_PDD.mT @ weight_PDC).reshape(self.weight.shape))
            moved_P1D = (self.bias.reshape(parts, width) - centre_PD)[:, None]
            self.bias.copy_((moved_P1D @ matrix_PDD).flatten())

    def add_bias(self) -> None:
        """Give it a bias, at first zero, if it has none."""
        if self.bias is None:
            self.bias = nn.Parameter(self.weight.new_zeros(self.out_channels))


class PartClassifier(nn.Module):
    """Logits (N, K, P) of the identities from every part of an embedding (N, D, P): a matrix for
    each part (P, D, K).
    """

    def __init__(self, parts: int, width: int, num_ids: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(parts, width, num_ids))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, embedding_NDP: Tensor) -> Tensor:
        return torch.matmul(embedding_NDP.permute(2, 0, 1), self.weight).permute(1, 2, 0)


class BnNeck(PartClassifier):
    """A batch norm over all channels of all parts, then cosines to the identities' vectors."""

    def __init__(self, parts: int, width: int, num_ids: int) -> None:
        super().__init__(parts, width, num_ids)
        self.norm = nn.BatchNorm1d(width * parts)

    def forward(self, embedding_NDP: Tensor) -> Tensor:
        normed_NDP = self.norm(embedding_NDP.flatten(1)).reshape(embedding_NDP.shape)
        unit_PND = functional.normalize(normed_NDP.permute(2, 0, 1), dim=2)
        return torch.matmul(unit_PND, functional.normalize(self.weight, dim=1)).permute(1, 2, 0)


def fit_bias(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give the head a bias if these weights have one, as those of a whitened network do."""
    head = getattr(network, "head", None)
    if isinstance(head, PartFc) and "head.bias" in weights:
        head.add_bias()


def initialise(network: nn.Module) -> None:
    """Initial weights of the published trainings: Xavier-uniform; batch norms N(1, 0.02) and 0."""
    for module in network.modules():
        if isinstance(module, PartFc):
            _, channels = module.weight.shape[:2]
            width = module.out_channels // module.groups
            # The bounds of a tensor (P, C, D), as whose slices the matrices were published.
            bound = (6 / (width * (channels + module.groups))) ** 0.5
            nn.init.uniform_(module.weight, -bound, bound)
        elif isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            nn.init.xavier_uniform_(module.weight)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)


def require_frames(frames: int, mask_NT: Tensor | None, least: int) -> None:
    """Raise UsageError if a sequence has fewer frames than the network needs."""
    if mask_NT is not None:
        frames = int(mask_NT.sum(dim=1).min())
    if frames < least:
        raise UsageError(
            f"a sequence of {frames} silhouettes, but this network needs at least {least}; "
            "give longer sequences"
        )


def require_mask(mask_NT: Tensor, sils_NTHW: Tensor, any_order: bool) -> None:
    """Raise UsageError for a mask of other sequences, or one whose frames that count do not stand
    first; sets may have theirs anywhere.
    """
    if mask_NT.shape != sils_NTHW.shape[:2]:
        raise UsageError(
            f"the mask is {tuple(mask_NT.shape)}; sequences {tuple(sils_NTHW.shape)} need "
            f"{tuple(sils_NTHW.shape[:2])}"
        )
    if not any_order and bool((mask_NT[:, 1:] & ~mask_NT[:, :-1]).any()):
        raise UsageError(
            "the mask has a frame that counts behind one that does not; this network compares "
            "neighbours: put the frames that count first"
        )
