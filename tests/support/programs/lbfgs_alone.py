"""One call of PyTorch's L-BFGS, as in many published PINNs: there is no loop in the program."""

import torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
t = torch.linspace(0, 1, 50).reshape(-1, 1)
optimizer = torch.optim.LBFGS(model.parameters(), max_iter=30, line_search_fn="strong_wolfe")
evaluations = []


def closure():
    optimizer.zero_grad()
    loss = ((model(t) - torch.sin(3 * t)) ** 2).mean()
    loss.backward()
    evaluations.append(loss.item())
    return loss


optimizer.step(closure)
print("losses:", *evaluations)
