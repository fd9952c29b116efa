"""A training script as people write one: arguments, a loop, a log, `if __name__ == "__main__"`."""

import argparse
import random
import sys

import harness


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()
    weights = [random.random() for _ in range(options.width)]
    for epoch in harness.epochs(range(options.epochs)):
        for _ in range(200):
            weights = [weight * 0.9999 for weight in weights]
        loss = sum(weight * weight for weight in weights)
        harness.report(loss=loss)
        if epoch % 20 == 0:
            print(f"epoch {epoch}: {loss!r}")
    print(f"last: {loss!r}")
    sys.exit(0)


if __name__ == "__main__":
    main()
