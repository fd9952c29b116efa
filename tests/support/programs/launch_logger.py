import torch
from physicsnemo.utils.logging import LaunchLogger

LaunchLogger.initialize()
model = torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
x = torch.linspace(0, 1, 64).reshape(-1, 1)
for epoch in range(1, 11):
    with LaunchLogger("train", epoch=epoch, num_mini_batch=2) as log:
        for _ in range(2):
            optimizer.zero_grad()
            loss = ((model(x) - torch.sin(x)) ** 2).mean()
            loss.backward()
            optimizer.step()
            log.log_minibatch({"loss": loss.detach()})
        log.log_epoch({"Learning Rate": optimizer.param_groups[0]["lr"]})
    if epoch % 5 == 0:
        with LaunchLogger("valid", epoch=epoch) as log:
            log.log_epoch({"error": float(((model(x) - torch.sin(x)) ** 2).mean().detach())})
