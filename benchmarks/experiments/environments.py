"""Measures trainings of `examples` in environments of other versions, and prints a line of a table for each.

    python benchmarks/experiments/environments.py --out environments.jsonl

Each environment is made anew in a temporary folder, by pip, and takes a minute or two. `--only TEXT` selects those
whose packages or Python contain a text. If started again with the same --out, it continues. The interpreters are those
on PATH, or those of pyenv.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from harness.commands.registry import COMMANDS
from harness.engine.session import measure
from harness.plan.request import Request
from harness.record import store

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOWN = ("tensorflow", "keras", "tf_keras", "torch", "jax", "deepxde", "lightning", "numpy")
"""The libraries whose versions are shown."""


@dataclass(frozen=True)
class Corner:
    """An environment, and what is measured in it."""

    python: str
    packages: tuple[str, ...]
    program: str

    @property
    def name(self) -> str:
        return f"Python {self.python}, {' '.join(self.packages)}"


LOOP = "tensorflow_loop.py --epochs 60"
CORNERS = (
    Corner("3.10", ("tensorflow==2.15.1",), LOOP),
    Corner("3.11", ("tensorflow==2.15.1",), LOOP),
    Corner("3.11", ("tensorflow==2.16.2",), LOOP),
    Corner("3.12", ("tensorflow==2.18.1",), LOOP),
    Corner("3.12", ("tensorflow==2.20.0",), LOOP),
    Corner("3.13", ("tensorflow==2.21.0",), LOOP),
    Corner("3.11", ("tf-nightly",), LOOP),
    Corner("3.11", ("tensorflow==2.18.1", "keras==3.6.0"), "keras_fit.py --epochs 8"),
    Corner("3.10", ("jax==0.4.30", "optax==0.2.3"), "jax_optax.py --epochs 60"),
    Corner("3.13", ("jax", "optax"), "jax_optax.py --epochs 60"),
    Corner("3.11", ("torch==2.13.0",), "torch_adam_lbfgs.py --adam 60 --lbfgs 4"),
    Corner("3.11", ("torch==2.13.0", "deepxde==1.13.2"), "DDE_BACKEND=pytorch deepxde_poisson.py --iterations 60"),
)


def find_interpreter(version: str) -> str | None:
    installed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python")
    return next(map(str, installed), None) or shutil.which(f"python{version}")  # what pyenv has on PATH may not start


def try_one(corner: Corner) -> dict[str, Any]:
    """Make the environment and measure the training at two widths in it."""
    interpreter = find_interpreter(corner.python)
    if interpreter is None:
        return {"failed": f"there is no Python {corner.python} here"}
    with tempfile.TemporaryDirectory() as place:
        environment = Path(place) / "environment"
        subprocess.run([interpreter, "-m", "venv", str(environment)], check=True)
        python = environment / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", *corner.packages], check=True)
        first, *rest = corner.program.split()
        lead = [first] if "=" in first else []
        name, *arguments = rest if lead else [first, *rest]
        line = " ".join([*lead, str(python), str(EXAMPLES / name), *arguments])
        names = (f"{line} --width 8", f"{line} --width 32")
        plan = COMMANDS["compare"].plan(Request(names=names, blocks=1, threads=1)).plan
        measure(plan, Path(place) / "run", lambda event, record: None)
        return describe(store.read(Path(place) / "run"))


def describe(record: store.Record) -> dict[str, Any]:
    failed = [f"{end.moment}: {end.reason}" for end in record.ends if end.status == "failed"]
    kinds = Counter(epoch.kind for piece in record.slices for epoch in piece.epochs)
    return {
        "python": record.ready[0].python if record.ready else "",
        "versions": {name: version for name, version in record.loaded().items() if name in SHOWN},
        "marked_by": record.ready[0].description.marked_by.partition(" at ")[0] if record.ready else "",
        "epochs": dict(kinds),
        "losses": sorted({name for piece in record.slices for epoch in piece.epochs for name in epoch.losses}),
        "failed": "; ".join(failed),
    }


def show(corner: Corner, found: dict[str, Any]) -> str:
    """A line of the table."""
    if found.get("failed"):
        return f"| {corner.name} | {corner.program} | failed: {found['failed']} | {found['date']} |"
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    epochs = ", ".join(f"{number} of kind {kind}" for kind, number in found["epochs"].items())
    return f"| {found['python']} | {versions} | `{corner.program.split(' --')[0]}`: {epochs} | {found['date']} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=Path("environments.jsonl"))
    args = parser.parse_args()
    done = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    known = {each["name"]: each for each in done}
    print("| Python | libraries | training, epochs of both arms | tried |\n| --- | --- | --- | --- |", flush=True)
    for corner in CORNERS:
        if args.only not in corner.name:
            continue
        found = known.get(corner.name)
        if found is None:
            try:
                found = try_one(corner)
            except subprocess.CalledProcessError as error:
                found = {"failed": f"{Path(str(error.cmd[0])).name} ended with {error.returncode}"}
            found |= {"name": corner.name, "date": date.today().isoformat()}
            with args.out.open("a") as file:
                print(json.dumps(found), file=file)
        print(show(corner, found), flush=True)


if __name__ == "__main__":
    main()
