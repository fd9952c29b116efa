"""Trainers in PyTorch, each with one fault of what it compiles, and clean ones. Their backend compiles nothing."""

import torch


class Clean:
    backend = "eager"

    def __init__(self):
        self.net = torch.nn.Linear(4, 1)
        self.points = torch.ones(8, 4)
        self.step = torch.compile(self.loss, backend=self.backend)

    def loss(self, points, rate=0.5):
        return (self.net(points) ** 2).mean() * rate

    def epoch(self, index):
        return {"loss": float(self.step(self.points).detach())}


class Growing(Clean):
    def epoch(self, index):
        return {"loss": float(self.step(torch.ones(8 + index, 4)).detach())}


class Scalar(Clean):
    def epoch(self, index):
        return {"loss": float(self.step(self.points, 0.25 * index).detach())}


class Dtype(Clean):
    def loss(self, points):
        return (points.float() ** 2).mean()

    def epoch(self, index):
        return {"loss": float(self.step(self.points.double() if index else self.points))}


class Broken(Clean):
    def loss(self, points):
        found = self.net(points).mean()
        print("loss", found.item())
        return found * 2


class Limit(Clean):
    def loss(self, points, tag):
        return (self.net(points) ** 2).mean() * len(tag)

    def epoch(self, index):
        return {"loss": float(self.step(self.points, f"tag{index}").detach())}


class Eager(Clean):
    def epoch(self, index):
        return {"loss": float(self.loss(self.points).detach())}


class Uncaptured(Clean):
    """A derivative in a loop, which Dynamo cannot leave in the middle."""

    def loss(self, points):
        total = 0.0
        for axis in range(2):
            (slope,) = torch.autograd.grad(self.net(points).sum(), points, create_graph=True)
            total = total + (slope[:, axis] ** 2).mean()
        return total

    def epoch(self, index):
        return {"loss": float(self.step(self.points.clone().requires_grad_()).detach())}


class Disabled(Clean):
    """All that it does is kept out of compilation."""

    def loss(self, points):
        return self.apart(points)

    @torch.compiler.disable
    def apart(self, points):
        return (self.net(points) ** 2).mean()


class Logging(Clean):
    """What is not compiled only reports what is."""

    def loss(self, points):
        found = self.net(points).mean()
        self.report(found.detach())
        return found * 2

    def report(self, found):
        for _ in range(2):
            print("loss", found.item())


class Chained(Eager):
    """Its running mean keeps the graphs of all epochs."""

    mean = 0.0

    def epoch(self, index):
        loss = self.loss(self.points)
        self.mean = 0.9 * self.mean + 0.1 * loss
        self.net.zero_grad()
        self.mean.backward(retain_graph=True)
        return {"loss": float(loss.detach())}


class Detached(Chained):
    def epoch(self, index):
        self.mean = float(self.mean)
        return super().epoch(index)


class MoreSteps(Eager):
    """It takes one step more in each epoch."""

    def epoch(self, index):
        for _ in range(3 + index):
            loss = self.loss(self.points)
            loss.backward()
        return {"loss": float(loss.detach())}


class History(Eager):
    """An optimizer whose history grows until it is full."""

    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        self.points = torch.rand(32, 4)
        self.optimizer = torch.optim.LBFGS(self.net.parameters(), max_iter=5)

    def epoch(self, index):
        return {"loss": float(self.optimizer.step(self.closure).detach())}

    def closure(self):
        self.optimizer.zero_grad()
        loss = (self.net(self.points) - self.points.prod(1, keepdim=True)).square().mean()
        loss.backward()
        return loss
