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


class OneAdam:
    """A network of 1 MB, trained with Adam, and a mean of its weights."""

    def __init__(self):
        self.net = torch.nn.Sequential(torch.nn.Linear(64, 2048), torch.nn.Tanh(), torch.nn.Linear(2048, 64))
        self.mean = [one.detach().clone() for one in self.net.parameters()]
        self.optimizer = self.make_optimizer()

    def make_optimizer(self):
        return torch.optim.Adam(self.net.parameters())

    def epoch(self, index):
        def closure():
            self.optimizer.zero_grad()
            found = (self.net(torch.ones(8, 64)) ** 2).mean()
            found.backward()
            return found

        found = self.optimizer.step(closure)
        for mean, one in zip(self.mean, self.net.parameters(), strict=True):
            mean.lerp_(one.detach(), 0.01)
        return {"loss": float(found.detach())}


class TwoAdams(OneAdam):
    """It makes another optimizer after its second epoch, and keeps the first."""

    def epoch(self, index):
        if index == 2:
            self.former = self.optimizer
            self.optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-4)
        return super().epoch(index)


class Replaced(OneAdam):
    """It makes another optimizer in each epoch, and its scheduler keeps none of the former."""

    def epoch(self, index):
        self.optimizer = self.make_optimizer()
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, 0.9)
        return super().epoch(index)


class ThenLbfgs(OneAdam):
    """Adam first, then L-BFGS for the same weights, as many physics-informed networks are trained."""

    def epoch(self, index):
        if index == 2:
            self.former = self.optimizer
            self.optimizer = torch.optim.LBFGS(self.net.parameters(), max_iter=2)
        return super().epoch(index)


class TwoNetworks(OneAdam):
    """Each with an Adam of its own."""

    def __init__(self):
        super().__init__()
        self.other = OneAdam()

    def epoch(self, index):
        return super().epoch(index) | {"other": self.other.epoch(index)["loss"]}
