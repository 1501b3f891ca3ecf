# SPDX-License-Identifier: Apache-2.0
"""Which batches make an update, and with which share -> training/src/test/resources/golden/accumulation.json.

accelerate's `accumulate` ends an update with the epoch too, and divides by `gradient_accumulation_steps` all the same.
"""
import json
import pathlib

import accelerate
import torch

HERE = pathlib.Path(__file__).parent
OUT = HERE.parent / "training/src/test/resources/golden/accumulation.json"


def updates(batches, accumulation, epochs):
    """A row for each update: its epoch, and the share of each batch's gradient in it."""
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=accumulation)
    # batch i has the loss w[i], so that the gradient says which batches it is made of
    weight = torch.nn.Parameter(torch.zeros(batches))
    model = torch.nn.Module()
    model.register_parameter("w", weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    loader = torch.utils.data.DataLoader(torch.arange(batches), batch_size=1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    rows = []
    for epoch in range(epochs):
        for index in loader:
            with accelerator.accumulate(model):
                accelerator.backward(model.w[index[0]])
                if accelerator.sync_gradients:
                    rows.append({
                        "epoch": epoch,
                        "shares": [round(value, 6) for value in model.w.grad.tolist()],
                        "rate": schedule.get_last_lr()[0],
                    })
                optimizer.step()
                optimizer.zero_grad()
        schedule.step()  # once an epoch
    accelerate.state.AcceleratorState._reset_state(True)
    return rows


cases = []
for batches, accumulation, epochs in [(3, 2, 3), (3, 50, 2), (4, 2, 2), (5, 3, 2), (1, 4, 3)]:
    cases.append({
        "batches": batches,
        "accumulation": accumulation,
        "epochs": epochs,
        "updates": updates(batches, accumulation, epochs),
    })
OUT.write_text(json.dumps({"accelerate": accelerate.__version__, "cases": cases}, indent=1) + "\n")
print(OUT, OUT.stat().st_size)
