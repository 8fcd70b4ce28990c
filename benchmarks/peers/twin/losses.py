"""The hybrid loss over given anchors, and the SGD step."""
import torch
import torch.nn.functional as F


def cross_entropy(logits, target, ignore=255):
    """Mean over the pixels that are not ignored; 0 when all are."""
    if not bool((target != ignore).any()):
        return logits.sum() * 0
    return F.cross_entropy(logits, target, ignore_index=ignore)


def nearest_labels(target, size):
    """floor(i * in / out) in both directions."""
    rows, columns = (
        torch.arange(n_out, device=target.device) * n_in // n_out for n_in, n_out in zip(target.shape[1:], size))
    return target[:, rows][:, :, columns]


def pixel_contrast(embeddings, labels, tau=0.1):
    """embeddings [M, C] of unit length; every row is an anchor against all the others."""
    similar = embeddings @ embeddings.t() / tau
    same = labels[:, None] == labels[None, :]
    positive = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    similar = similar - similar.max(1, keepdim=True)[0].detach()
    exp = torch.exp(similar)
    negatives = torch.where(same, torch.zeros_like(exp), exp).sum(1, keepdim=True)
    loss = torch.log(exp + negatives) - similar
    count = positive.sum(1)
    rows = torch.where(positive, loss, torch.zeros_like(loss)).sum(1)[count > 0] / count[count > 0]
    return rows.mean() if len(rows) else embeddings.sum() * 0


def contrast_at(network, fused, target, anchors, tau):
    """The contrastive term over exactly the given flat indices of the H/4 plane."""
    embeddings = network.embed(fused).permute(0, 2, 3, 1).flatten(0, 2)[anchors]
    labels = nearest_labels(target, fused.shape[2:]).flatten()[anchors]
    return pixel_contrast(embeddings, labels, tau)


def sgd_step(parameters, velocity, lr, momentum, weight_decay):
    """v = mu v + (g + wd w); w -= lr v. A parameter without a gradient is left alone."""
    with torch.no_grad():
        for name, parameter in parameters:
            if parameter.grad is None:
                continue
            gradient = parameter.grad + weight_decay * parameter
            velocity[name] = momentum * velocity[name] + gradient if name in velocity else gradient
            parameter -= lr * velocity[name]
