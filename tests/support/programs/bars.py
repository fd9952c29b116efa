"""Progress bars: over files before the training, over epochs and their batches, and one that is updated by hand."""

import time

from tqdm import tqdm, trange

for _ in tqdm(["one", "two"], desc="reading"):
    time.sleep(0.001)

import torch  # noqa: E402

weight = torch.zeros(3, requires_grad=True)
optimizer = torch.optim.Adam([weight], 0.1)
for _epoch in trange(7):
    for batch in tqdm(range(2), leave=False):
        optimizer.zero_grad()
        ((weight - batch) ** 2).sum().backward()
        optimizer.step()
optimizer = torch.optim.LBFGS([weight])
with tqdm(total=5) as bar:
    for _step in range(5):

        def closure():
            optimizer.zero_grad()
            loss = ((weight - 1) ** 2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        bar.update(1)
        if _step == 3:
            break
for _last in trange(3):
    pass
