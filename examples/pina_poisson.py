"""PINA, whose Trainer is Lightning's: -u'' = pi^2 sin(pi x) on [-1, 1] with u = 0 at both ends."""

import argparse

import torch
from pina import Condition, Trainer
from pina.domain import CartesianDomain
from pina.equation import Equation, FixedValue
from pina.model import FeedForward
from pina.operator import laplacian
from pina.problem import SpatialProblem
from pina.solver import PINN

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=32)
parser.add_argument("--epochs", type=int, default=100)
args = parser.parse_args()

torch.manual_seed(1)


def poisson(input_, output_):
    force = torch.pi**2 * torch.sin(torch.pi * input_.extract(["x"]))
    return laplacian(output_, input_, components=["u"], d=["x"]) + force


class Poisson(SpatialProblem):
    output_variables = ["u"]
    spatial_domain = CartesianDomain({"x": [-1.0, 1.0]})
    domains = {
        "inside": CartesianDomain({"x": [-1.0, 1.0]}),
        "left": CartesianDomain({"x": -1.0}),
        "right": CartesianDomain({"x": 1.0}),
    }
    conditions = {
        "inside": Condition(domain="inside", equation=Equation(poisson)),
        "left": Condition(domain="left", equation=FixedValue(0.0)),
        "right": Condition(domain="right", equation=FixedValue(0.0)),
    }


problem = Poisson()
problem.discretise_domain(100, "grid", domains="inside")
problem.discretise_domain(1, "grid", domains=["left", "right"])
model = FeedForward(input_dimensions=1, output_dimensions=1, layers=[args.width, args.width])
trainer = Trainer(PINN(problem, model), max_epochs=args.epochs, accelerator="cpu", enable_model_summary=False)
trainer.train()
