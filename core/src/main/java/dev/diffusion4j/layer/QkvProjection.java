// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.linear;

import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;

/** Questions, keys and values of the same tokens side by side. Borrows its layers. */
record QkvProjection(Linear query, Linear key, Linear value) {
    private List<Linear> all() {
        return List.of(query, key, value);
    }

    /** Whether each layer is no more than its {@link Linear#foldedWeight}. */
    boolean isFoldable() {
        return all().stream().allMatch(Linear::isFoldable);
    }

    /** Whether something in it may learn. */
    boolean learns() {
        return all().stream()
                .anyMatch(layer -> layer.isAdapted() || layer.weight().requires_grad());
    }

    /** (B, L, C) to (B, L, of query and key and value): one product where all three learn as they are, three where something is beside them. */
    Tensor forward(Tensor tokens) {
        boolean plain = all().stream()
                .allMatch(layer -> !layer.isAdapted() && layer.weight().requires_grad());
        return plain
                ? folded(tokens)
                : TensorScope.keepResult(() ->
                        cat(new TensorVector(query.forward(tokens), key.forward(tokens), value.forward(tokens)), -1));
    }

    /** The same by one product with the weights as they are seen, what is beside them added. */
    Tensor folded(Tensor tokens) {
        return TensorScope.keepResult(() -> {
            Tensor weight = cat(new TensorVector(query.foldedWeight(), key.foldedWeight(), value.foldedWeight()), 0);
            return linear(tokens, weight, bias());
        });
    }

    private TensorOptional bias() {
        Tensor ofQuery = query.seenBias();
        Tensor ofKey = key.seenBias();
        Tensor ofValue = value.seenBias();
        return ofQuery == null || ofKey == null || ofValue == null
                ? new TensorOptional()
                : new TensorOptional(cat(new TensorVector(ofQuery, ofKey, ofValue), 0));
    }
}
