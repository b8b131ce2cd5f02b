"""Published networks that ours are timed against: bodies without a classifier, random weights.

Written from the papers; they are not in the catalogue or the wheel, and load no weights. Like ours,
each takes raw uint8 pixels and gives one vector per image, the input of a classifier.

Axes: N images, H height, W width, C channel, D width of the vector, T positions of a map, K heads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.image.pixels import Pixels

Activation = type[nn.Module]


class Peer(nn.Module):
    """Raw uint8 images (N, H, W, 3) -> vectors (N, D).

    Args:
        body: normalised images -> the last map.
        neck: layers between the pooled map (N, C, 1, 1) and the classifier.
    """

    def __init__(self, body: Sequence[nn.Module], neck: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.body = nn.Sequential(*body)
        self.neck = nn.Sequential(*neck)

    def forward(self, image_NHWC: Tensor) -> Tensor:
        map_NCHW: Tensor = self.body(self.pixels(image_NHWC))
        token_ND: Tensor = self.neck(map_NCHW.mean(dim=(2, 3), keepdim=True)).flatten(1)
        return token_ND


class Residual(nn.Module):
    """The input plus the output of the layers."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW: Tensor = self.body(x_NCHW)
        return x_NCHW + y_NCHW


class SqueezeExcite(nn.Module):
    """Squeeze and excitation: channels weighted by their means (arXiv 1709.01507, section 3)."""

    def __init__(self, width: int, gate: Activation) -> None:
        super().__init__()
        hidden = divisible(width / 4)
        layers = nn.Conv2d(width, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, width, 1), gate()
        self.weigh = nn.Sequential(*layers)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        weight_NC11: Tensor = self.weigh(x_NCHW.mean(dim=(2, 3), keepdim=True))
        return x_NCHW * weight_NC11


def divisible(width: float) -> int:
    """The nearest multiple of 8, at least 8 and not under nine tenths of `width`."""
    near = max(8, int(width + 4) // 8 * 8)
    return near + 8 if near < 0.9 * width else near


def conv(
    inside: int, outside: int, kernel: int = 1, stride: int = 1, *, groups: int = 1,
    act: Activation | None = None, norm: bool = True,
) -> nn.Sequential:  # fmt: skip
    """Convolution, batch normalisation (a bias where `norm` is False), activation."""
    padding = kernel // 2
    first = nn.Conv2d(inside, outside, kernel, stride, padding, groups=groups, bias=not norm)
    layers: list[nn.Module] = [first]
    if norm:
        layers.append(nn.BatchNorm2d(outside))
    if act is not None:
        layers.append(act())
    return nn.Sequential(*layers)


def inverted(
    inside: int, wide: int, outside: int, kernel: int = 0, stride: int = 1, *, start: int = 0,
    act: Activation = nn.ReLU, squeeze: bool = False, norm: bool = True,
) -> nn.Module:  # fmt: skip
    """An inverted residual: a depthwise start, expansion, depthwise middle, projection.

    Args:
        inside, wide, outside: channels; nothing expands where `wide` is `inside`.
        kernel, start: sides of the two depthwise kernels; 0 leaves one out.
        stride: of the middle one, or of the start where there is no middle.
        squeeze: weigh channels after the middle.
        norm: normalise expansion and middle too, and not the projection alone.
    """
    layers: list[nn.Module] = []
    if start:
        layers.append(conv(inside, inside, start, 1 if kernel else stride, groups=inside))
    if wide != inside:
        layers.append(conv(inside, wide, act=act, norm=norm))
    if kernel:
        layers.append(conv(wide, wide, kernel, stride, groups=wide, act=act, norm=norm))
    if squeeze:
        layers.append(SqueezeExcite(wide, nn.Hardsigmoid))
    layers.append(conv(wide, outside))
    return (Residual if stride == 1 and inside == outside else nn.Sequential)(*layers)


# start, middle, stride, expansion, width: one universal inverted bottleneck each.
Universal = tuple[int, int, int, int, int]
_SMALL: tuple[Universal, ...] = (
    (5, 5, 2, 3, 96), *[(0, 3, 1, 2, 96)] * 4, (3, 0, 1, 4, 96),
    (3, 3, 2, 6, 128), (5, 5, 1, 4, 128), (0, 5, 1, 4, 128), (0, 5, 1, 3, 128),
    *[(0, 3, 1, 4, 128)] * 2,
)  # fmt: skip
_MEDIUM: tuple[Universal, ...] = (
    (3, 5, 2, 4, 80), (3, 3, 1, 2, 80),
    (3, 5, 2, 6, 160), *[(3, 3, 1, 4, 160)] * 2, (3, 5, 1, 4, 160), (3, 3, 1, 4, 160),
    (3, 0, 1, 4, 160), (0, 0, 1, 2, 160), (3, 0, 1, 4, 160),
    (5, 5, 2, 6, 256), (5, 5, 1, 4, 256), *[(3, 5, 1, 4, 256)] * 2, (0, 0, 1, 4, 256),
    (3, 0, 1, 4, 256), (3, 5, 1, 2, 256), (5, 5, 1, 4, 256), *[(0, 0, 1, 4, 256)] * 2,
    (5, 0, 1, 2, 256),
)  # fmt: skip


def _mobilenet_v4(begin: Sequence[nn.Module], width: int, rows: Sequence[Universal]) -> Peer:
    body = list(begin)
    for start, kernel, stride, ratio, outside in rows:
        wide = divisible(ratio * width)
        body.append(inverted(width, wide, outside, kernel, stride, start=start))
        width = outside
    return Peer([*body, conv(width, 960, act=nn.ReLU)], [conv(960, 1280, act=nn.ReLU)])


def mobilenetv4_conv_s() -> Peer:
    """MobileNetV4-Conv-S. Source: arXiv 2404.10518, appendix D."""
    rows = ((3, 32, 3, 2), (32, 32, 3, 2), (32, 32, 1, 1), (32, 96, 3, 2), (96, 64, 1, 1))
    return _mobilenet_v4([conv(*row, act=nn.ReLU) for row in rows], 64, _SMALL)


def mobilenetv4_conv_m() -> Peer:
    """MobileNetV4-Conv-M. Source: arXiv 2404.10518, appendix D."""
    begin = [conv(3, 32, 3, 2, act=nn.ReLU), conv(32, 128, 3, 2, act=nn.ReLU), conv(128, 48)]
    return _mobilenet_v4(begin, 48, _MEDIUM)


def mobilenetv3_l() -> Peer:
    """MobileNetV3-Large. Source: arXiv 1905.02244, table 1."""
    relu, swish = nn.ReLU, nn.Hardswish
    rows: Sequence[tuple[int, int, int, bool, Activation, int]] = (
        # kernel, expansion, width, squeeze, activation, stride
        (3, 16, 16, False, relu, 1), (3, 64, 24, False, relu, 2), (3, 72, 24, False, relu, 1),
        (5, 72, 40, True, relu, 2), *[(5, 120, 40, True, relu, 1)] * 2,
        (3, 240, 80, False, swish, 2), (3, 200, 80, False, swish, 1),
        *[(3, 184, 80, False, swish, 1)] * 2, (3, 480, 112, True, swish, 1),
        (3, 672, 112, True, swish, 1), (5, 672, 160, True, swish, 2),
        *[(5, 960, 160, True, swish, 1)] * 2,
    )  # fmt: skip
    width = 16
    body: list[nn.Module] = [conv(3, width, 3, 2, act=swish)]
    for kernel, wide, outside, squeeze, act, stride in rows:
        body.append(inverted(width, wide, outside, kernel, stride, act=act, squeeze=squeeze))
        width = outside
    body.append(conv(width, 960, act=swish))
    return Peer(body, [conv(960, 1280, act=swish, norm=False)])


class ThreeBranches(nn.Module):
    """RepViT's token mixer in training: depthwise 3x3, depthwise 1x1 and nothing, summed."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.square = conv(width, width, 3, groups=width)
        self.point = conv(width, width, groups=width, norm=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW: Tensor = self.norm(self.square(x_NCHW) + self.point(x_NCHW) + x_NCHW)
        return y_NCHW


def repvit_m0_9(deployed: bool = True) -> Peer:
    """RepViT-M0.9. Source: arXiv 2307.09283, section 3 and figures 3 to 5.

    Args:
        deployed: the branches of each token mixer are one depthwise 3x3, as the paper times them;
            otherwise three, as they are trained.
    """

    def block(width: int, squeeze: bool) -> list[nn.Module]:
        mix = conv(width, width, 3, groups=width, norm=False) if deployed else ThreeBranches(width)
        weigh = [SqueezeExcite(width, nn.Sigmoid)] if squeeze else []
        return [mix, *weigh, inverted(width, 2 * width, width, act=nn.GELU)]

    width = 48
    body: list[nn.Module] = [conv(3, 24, 3, 2, act=nn.GELU), conv(24, width, 3, 2)]
    for depth in (2, 2, 14, 2):
        if len(body) > 2:
            body += [*block(width, False), conv(width, width, 3, 2, groups=width)]
            body += [conv(width, 2 * width), inverted(2 * width, 4 * width, 2 * width, act=nn.GELU)]
            width *= 2
        for place in range(depth):
            body += block(width, squeeze=place % 2 == 0)
    return Peer(body)


class LinearAttention(nn.Module):
    """EfficientViT's attention at two scales, linear in positions: ReLU in place of softmax."""

    head_width = 16

    def __init__(self, width: int) -> None:
        super().__init__()
        wide = 3 * width
        self.qkv = nn.Conv2d(width, wide, 1, bias=False)
        groups = wide // self.head_width
        self.gather = nn.Sequential(
            nn.Conv2d(wide, wide, 5, padding=2, groups=wide, bias=False),
            nn.Conv2d(wide, wide, 1, groups=groups, bias=False),
        )
        self.project = conv(2 * width, width)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        qkv_NCHW: Tensor = self.qkv(x_NCHW)
        both_NCHW = torch.cat([qkv_NCHW, self.gather(qkv_NCHW)], dim=1)
        size = (len(x_NCHW), -1, 3 * self.head_width, x_NCHW.shape[2] * x_NCHW.shape[3])
        qkv_NKDT = both_NCHW.reshape(size)
        q_NKDT, k_NKDT, v_NKDT = qkv_NKDT.chunk(3, dim=2)
        q_NKDT, k_NKDT = functional.relu(q_NKDT), functional.relu(k_NKDT)
        # A row of ones beside the values sums the weights, which normalise.
        rows_NKET = functional.pad(v_NKDT, (0, 0, 0, 1), value=1.0)
        answer_NKET = (rows_NKET @ k_NKDT.transpose(2, 3)) @ q_NKDT
        mixed_NKDT = answer_NKET[:, :, :-1] / (answer_NKET[:, :, -1:] + 1e-5)
        mixed_NCHW = mixed_NKDT.reshape(len(x_NCHW), -1, *x_NCHW.shape[2:])
        output_NCHW: Tensor = self.project(mixed_NCHW)
        return output_NCHW


def efficientvit_b1() -> Peer:
    """EfficientViT-B1 of MIT. Source: arXiv 2205.14756, section 3, and its published widths."""
    swish = nn.Hardswish
    body: list[nn.Module] = [conv(3, 16, 3, 2, act=swish), inverted(16, 16, 16, 3, act=swish)]
    for inside, outside, depth in ((16, 32, 2), (32, 64, 3), (64, 128, 3), (128, 256, 4)):
        attends = outside >= 128
        body.append(inverted(inside, 4 * inside, outside, 3, 2, act=swish, norm=not attends))
        for _ in range(depth if attends else depth - 1):
            body += [Residual(LinearAttention(outside))] if attends else []
            wide = 4 * outside
            body.append(inverted(outside, wide, outside, 3, act=swish, norm=not attends))
    neck = [nn.Flatten(), nn.Linear(1536, 1600, bias=False), nn.LayerNorm(1600), swish()]
    return Peer([*body, conv(256, 1536, act=swish)], neck)


class Bottleneck(nn.Module):
    """ResNet's block of three convolutions, the stride in the middle one."""

    def __init__(self, inside: int, narrow: int, stride: int) -> None:
        super().__init__()
        outside = 4 * narrow
        first, middle = (
            conv(inside, narrow, act=nn.ReLU),
            conv(narrow, narrow, 3, stride, act=nn.ReLU),
        )
        self.body = nn.Sequential(first, middle, conv(narrow, outside))
        same = inside == outside and stride == 1
        self.shortcut = nn.Identity() if same else conv(inside, outside, 1, stride)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return functional.relu(self.body(x_NCHW) + self.shortcut(x_NCHW))


def resnet50() -> Peer:
    """ResNet-50. Source: arXiv 1512.03385, table 1, the stride in the 3x3 as is usual since."""
    inside, body = 64, [conv(3, 64, 7, 2, act=nn.ReLU), nn.MaxPool2d(3, 2, 1)]
    for stage, depth in enumerate((3, 4, 6, 3)):
        for place in range(depth):
            narrow = 64 * 2**stage
            body.append(Bottleneck(inside, narrow, 2 if stage and not place else 1))
            inside = 4 * narrow
    return Peer(body)


PEERS: Mapping[str, Callable[[], Peer]] = {
    "mobilenetv4_conv_s": mobilenetv4_conv_s,
    "mobilenetv3_l": mobilenetv3_l,
    "efficientvit_b1": efficientvit_b1,
    "repvit_m0_9": repvit_m0_9,
    "mobilenetv4_conv_m": mobilenetv4_conv_m,
    "resnet50": resnet50,
}


def build_peer(name: str, seed: int = 0) -> Peer:
    """Build a peer with seeded random weights, in eval mode.

    Its normalisations hold the statistics of one batch of noise, so that activations have the
    scale of trained ones: numbers that vanish or overflow would change the time.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = PEERS[name]()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = None  # a plain mean, not a moving one
        network.train()(torch.randint(256, (4, 64, 64, 3), dtype=torch.uint8))
    return network.eval()
