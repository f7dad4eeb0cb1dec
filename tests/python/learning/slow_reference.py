"""The exact arithmetic once more, in nothing but Python integers: readable, slow, independent of the fast path.

An image is channels of rows of integers. Parameters are one (weight rows, bias) pair for each layer that has them,
in units of 2^-28; a convolution's weight row lists channel, row, column of the kernel. Written from
docs/arithmetic.md, whose formulas the comments do not repeat.
"""

from math import isqrt
from operator import mul

from bema_py.core.architecture import Architecture, Convolution, Linear, Pool, Relu

COEFFICIENTS = [1073741824, -744261020, 257939319, -59584401, 10288824, -1371676, 118043]
ONE = 2**24


def rounded(value, shift):
    return value if shift == 0 else (value + 2 ** (shift - 1)) >> shift


def clamped(value, bits):
    return max(-(2**bits), min(2**bits, value))


def dot(left, right):
    return sum(map(mul, left, right))


def working(theta):
    return [
        ([[rounded(w, 8) for w in row] for row in weight], [rounded(b, 8) for b in bias])
        for weight, bias in theta
    ]


def padded(image, padding):
    width = len(image[0][0]) + 2 * padding
    rows = [[0] * width for _ in range(padding)]
    return [rows + [[0] * padding + row + [0] * padding for row in channel] + rows for channel in image]


def patches(image, padding):
    """Every position's 5x5 window over all channels, positions row by row."""
    image = padded(image, padding)
    height, width = len(image[0]) - 4, len(image[0][0]) - 4
    return [
        [value for channel in image for row in channel[top : top + 5] for value in row[left : left + 5]]
        for top in range(height)
        for left in range(width)
    ]


def flat(values):
    return values if isinstance(values[0], int) else [v for channel in values for row in channel for v in row]


def shaped_like(values, image):
    if isinstance(image[0], int):
        return values
    values = iter(values)
    return [[[next(values) for _ in row] for row in channel] for channel in image]


def mapped(function, values):
    return [function(v) if isinstance(v, int) else mapped(function, v) for v in values]


def affine(weight, bias, inputs):
    return [
        clamped(rounded(dot(row, inputs) + (b << 16), 20), 22) for row, b in zip(weight, bias, strict=True)
    ]


def pooled(image):
    return [
        [
            [
                rounded(a + b + c + d, 2)
                for a, b, c, d in zip(up[::2], up[1::2], down[::2], down[1::2], strict=True)
            ]
            for up, down in zip(channel[::2], channel[1::2], strict=True)
        ]
        for channel in image
    ]


def convolved(layer, weight, bias, image):
    width = len(image[0][0]) + 2 * layer.padding - 4
    positions = [affine(weight, bias, patch) for patch in patches(image, layer.padding)]
    channels = zip(*positions, strict=True)
    return [[list(c[start : start + width]) for start in range(0, len(c), width)] for c in channels]


def forward(architecture: Architecture, theta, pixels):
    """All activations: the input of every layer, then the logits. `pixels` is an image of bytes."""
    parameters = iter(working(theta))
    activations = [mapped(lambda pixel: 256 * pixel, pixels)]
    for layer in architecture.layers:
        inputs = activations[-1]
        if isinstance(layer, Convolution):
            activations.append(convolved(layer, *next(parameters), inputs))
        elif isinstance(layer, Linear):
            activations.append(affine(*next(parameters), flat(inputs)))
        elif isinstance(layer, Pool):
            activations.append(pooled(inputs))
        else:
            activations.append(mapped(lambda z: max(z, 0), inputs))
    return activations


def softmax(logits):
    exponentials = []
    for logit in logits:
        exponent = ((max(logits) - logit) * 1549082005) >> 16
        whole, fraction = exponent >> 30, exponent & (2**30 - 1)
        power = COEFFICIENTS[6]
        for coefficient in COEFFICIENTS[5::-1]:
            power = coefficient + ((power * fraction) >> 30)
        exponentials.append(power >> whole if whole < 40 else 0)
    total = sum(exponentials)
    return [(e * ONE + (total >> 1)) // total for e in exponentials]


def scores(architecture, theta, pixels):
    return softmax(forward(architecture, theta, pixels)[-1])


def logit_deltas(probabilities, label, sign, mode):
    if sign > 0 or mode == "h":
        return [rounded((j == label) * ONE - p, 4) for j, p in enumerate(probabilities)]
    own = probabilities[label]
    others = [rounded(own * p // (ONE - own), 4) if own < ONE else 0 for p in probabilities]
    return [rounded(-own, 4) if j == label else d for j, d in enumerate(others)]


def transposed(weight):
    return [list(column) for column in zip(*weight, strict=True)]


def convolution_gradient(layer, image, deltas, exponent):
    windows = transposed(patches(image, layer.padding))
    rows = [flat([channel]) for channel in deltas]
    weight = [[clamped(rounded(dot(d, window), 18 + exponent), 22) for window in windows] for d in rows]
    return weight, [clamped(rounded(sum(d), 2 + exponent), 22) for d in rows]


def convolution_input_delta(layer, weight, image, deltas, exponent):
    total = padded(mapped(lambda _: 0, image), layer.padding)
    for o, channel in enumerate(deltas):
        for top, row in enumerate(channel):
            for left, d in enumerate(row):
                for k, w in enumerate(weight[o]):
                    total[k // 25][top + k // 5 % 5][left + k % 5] += w * d
    p = layer.padding
    inner = [[row[p : len(row) - p] for row in channel[p : len(channel) - p]] for channel in total]
    return mapped(lambda v: clamped(rounded(v, 20 + exponent), 22), inner)


def spread(deltas):
    return [[[d for d in row for _ in range(2)] for row in channel for _ in range(2)] for channel in deltas]


def backward(architecture, theta, activations, deltas):
    """For each layer with parameters, first to last: (weight gradient, bias gradient) or, if linear, (d, A)."""
    layers = list(architecture.layers)
    parameters = working(theta)
    found, exponent = [], 0
    for index in range(len(layers) - 1, -1, -1):
        layer, inputs = layers[index], activations[index]
        if isinstance(layer, Relu):
            kept = [
                d if a > 0 else 0 for d, a in zip(flat(deltas), flat(activations[index + 1]), strict=True)
            ]
            deltas = shaped_like(kept, inputs)
        elif isinstance(layer, Pool):
            deltas, exponent = spread(deltas), exponent + 2
        else:
            weight, _ = parameters.pop()
            first = not parameters
            if isinstance(layer, Linear):
                found.insert(0, (deltas, flat(inputs)))
                if not first:
                    passed = [clamped(rounded(dot(column, deltas), 20), 22) for column in transposed(weight)]
                    deltas = shaped_like(passed, inputs)
            else:
                found.insert(0, convolution_gradient(layer, inputs, deltas, exponent))
                if not first:
                    deltas = convolution_input_delta(layer, weight, inputs, deltas, exponent)
                exponent = 0
            if first:
                break
    return found


def parametric(architecture):
    return [layer for layer in architecture.layers if isinstance(layer, Convolution | Linear)]


def multiplier(architecture, gradients, score, step_size, cap, mode):
    total = 0
    for layer, (first, second) in zip(parametric(architecture), gradients, strict=True):
        if isinstance(layer, Convolution):
            total += (sum(dot(row, row) for row in first) + dot(second, second)) << 36
        else:
            total += dot(first, first) * (dot(second, second) + 2**32)
    norm = isqrt(total) >> 18
    if mode == "log":
        return step_size if norm <= cap else step_size * cap // norm
    return (step_size * score) >> 24 if score * norm <= cap * 2**24 else step_size * cap // norm


def updated(architecture, theta, images, steps, step_size, cap, mode):
    """The parameters after one round of steps (image, output, sign) on one model."""
    sums = [([[0] * len(row) for row in weight], [0] * len(bias)) for weight, bias in theta]
    for position, output, sign in steps:
        activations = forward(architecture, theta, images[position])
        probabilities = softmax(activations[-1])
        deltas = logit_deltas(probabilities, output, sign, mode)
        gradients = backward(architecture, theta, activations, deltas)
        m = multiplier(architecture, gradients, probabilities[output], step_size, cap, mode)
        add_step(architecture, sums, gradients, m, sign if mode == "h" else 1)
    return [
        apply(*old, *new, layer)
        for old, new, layer in zip(theta, sums, parametric(architecture), strict=True)
    ]


def add_step(architecture, sums, gradients, m, sign):
    for layer, (weight, bias), (first, second) in zip(parametric(architecture), sums, gradients, strict=True):
        for i, row in enumerate(weight):
            if isinstance(layer, Convolution):
                row[:] = [total + sign * rounded(m * g, 20) for total, g in zip(row, first[i], strict=True)]
                bias[i] += sign * rounded(m * second[i], 20)
            else:
                u = clamped(rounded(m * first[i], 24), 24)
                row[:] = [total + sign * u * a for total, a in zip(row, second, strict=True)]
                bias[i] += sign * u


def apply(weight, bias, weight_sum, bias_sum, layer):
    shift, factor = (0, 1) if isinstance(layer, Convolution) else (14, 4)
    rows = [
        [clamped(w + rounded(s, shift), 30) for w, s in zip(row, sums, strict=True)]
        for row, sums in zip(weight, weight_sum, strict=True)
    ]
    return rows, [clamped(b + factor * s, 30) for b, s in zip(bias, bias_sum, strict=True)]
