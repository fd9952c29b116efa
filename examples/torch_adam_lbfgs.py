"""PyTorch, first with Adam and then with L-BFGS: u'' = -u, u(0) = 0, u'(0) = 1 on [0, pi]."""

import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--adam", type=int, default=200)
parser.add_argument("--lbfgs", type=int, default=10)
args = parser.parse_args()

torch.manual_seed(1)
model = torch.nn.Sequential(
    torch.nn.Linear(1, args.width),
    torch.nn.Tanh(),
    torch.nn.Linear(args.width, args.width),
    torch.nn.Tanh(),
    torch.nn.Linear(args.width, 1),
)
t = torch.linspace(0, torch.pi, 100).reshape(-1, 1).requires_grad_()


def solution():
    return t + t**2 * model(t)


def derivative(u):
    return torch.autograd.grad(u, t, torch.ones_like(u), create_graph=True)[0]


def compute_loss():
    u = solution()
    return ((derivative(derivative(u)) + u) ** 2).mean()


adam = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(args.adam):
    adam.zero_grad()
    loss = compute_loss()
    loss.backward()
    adam.step()
    if epoch % 50 == 0:
        print(f"Adam {epoch}: {loss.item():.3e}")

lbfgs = torch.optim.LBFGS(model.parameters(), max_iter=20, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    loss = compute_loss()
    loss.backward()
    return loss


for step in range(args.lbfgs):
    loss = lbfgs.step(closure)
print(f"L-BFGS: {loss.item():.3e}, error {(solution() - torch.sin(t)).abs().max().item():.2e}")
