"""The design benchmark in PyTorch, eager and in double precision: all 64 segments
as one batch, the gradient by automatic differentiation through the RK4 steps.
Prints milliseconds a gradient (CPU time, the least of several) and the
gradient's norm."""

import math
import sys
import time

import torch

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
HIDDEN, SEGMENTS, STEPS, STEP, K = 16, 64, 50, 0.02, 0.5

sizes = [(HIDDEN, 3), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (2, HIDDEN), (2,)]
weights, first = [], 0
for shape in sizes:
    n = math.prod(shape)
    weights.append(torch.tensor([0.3 * math.sin(j + 1) for j in range(first, first + n)]).reshape(shape).requires_grad_())
    first += n
a = torch.tensor(0.2, requires_grad=True)
shift, scale = torch.tensor([0.0, 0.0, 1.0]), torch.tensor([5.0, 5.0, 3.0])
offset, gain = torch.tensor([0.0, 0.2]), torch.tensor([2.0, 3.0])
lane = torch.arange(SEGMENTS, dtype=torch.float64)
base, slope = torch.stack([torch.sin(lane), 0.5 + 0.01 * lane]), torch.tensor([-1.0, 0.1])


def right(t, x):
    w1, b1, w2, b2, w3, b3 = weights
    u = (x - shift) / scale
    h = torch.tanh(torch.nn.functional.linear(u, w1, b1))
    h = torch.tanh(torch.nn.functional.linear(h, w2, b2))
    f = offset + gain * torch.nn.functional.linear(h, w3, b3)
    return torch.stack([
        -x[:, 1] - x[:, 2] + K * (base[0] + t * slope[0] - x[:, 0]),
        f[:, 0] + a * x[:, 1],
        f[:, 1] + K * (base[1] + t * slope[1] - x[:, 2]),
    ], 1)


def gradient():
    x = torch.stack([1 + 0.01 * lane, torch.full_like(lane, 2.0), torch.full_like(lane, 0.5)], 1)
    for n in range(STEPS):
        t = n * STEP
        k1 = right(t, x)
        k2 = right(t + STEP / 2, x + STEP / 2 * k1)
        k3 = right(t + STEP / 2, x + STEP / 2 * k2)
        k4 = right(t + STEP, x + STEP * k3)
        x = x + STEP / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return torch.autograd.grad(0.5 * (x * x).sum(), weights + [a])


best = math.inf
for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 10):
    start = time.process_time()
    g = gradient()
    best = min(best, time.process_time() - start)
print("%.6f %.15g" % (1e3 * best, math.sqrt(sum((v * v).sum().item() for v in g))))
