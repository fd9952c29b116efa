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
