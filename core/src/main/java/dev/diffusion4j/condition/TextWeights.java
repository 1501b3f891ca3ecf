// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.PromptSyntax;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Gives words their weight in a text encoder's states, each syntax in its tool's way. */
final class TextWeights {
    private TextWeights() {}

    /**
     * @param states of the chunks, (chunks, L, D)
     * @param empty gives the states of the empty prompt, (1, L, D)
     * @return (chunks, L, D); {@code states} itself where nothing is weighted
     */
    static Tensor apply(PromptSyntax syntax, Tensor states, List<TextChunk> chunks, Supplier<Tensor> empty) {
        if (chunks.stream().noneMatch(TextChunk::isWeighted)) {
            return states;
        }
        return TensorScope.keepResult(() -> {
            TensorVector weighted = new TensorVector();
            for (int i = 0; i < chunks.size(); i++) {
                Tensor chunk = states.narrow(0, i, 1);
                Tensor weights = weights(chunks.get(i), states);
                weighted.push_back(
                        syntax == PromptSyntax.COMFY
                                ? fromEmpty(chunk, weights, empty.get())
                                : keepingMean(chunk, weights));
            }
            return torch.cat(weighted, 0);
        });
    }

    /** (1, L, 1). */
    private static Tensor weights(TextChunk chunk, Tensor like) {
        double[] weights =
                chunk.weights().stream().mapToDouble(Double::doubleValue).toArray();
        return Tensors.ofDoubles(weights).to(like.device(), Tensors.type(like)).view(1, -1, 1);
    }

    /** A1111 multiplies the states and then gives the chunk its mean back. */
    private static Tensor keepingMean(Tensor states, Tensor weights) {
        Tensor weighted = states.mul(weights);
        return weighted.mul(states.mean().div(weighted.mean()));
    }

    /** ComfyUI goes from the empty prompt's states towards the prompt's, and beyond. */
    private static Tensor fromEmpty(Tensor states, Tensor weights, Tensor empty) {
        Tensor part = states.sub(empty).mul(weights).add(empty);
        return torch.where(weights.eq(new Scalar(1.0)), states, part);
    }
}
