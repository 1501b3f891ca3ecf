// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.Embedding;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that stand behind those of a text encoder, with their rows: what textual inversion learns, Gal et al. (2022). The network
 * stays as it is.
 *
 * @param first the number of the first; a row of the network's own with that number or a larger one is not used
 * @param rows {@code float (n, D)}; {@code null} for none. Whoever made them calls {@link #close}
 */
public record ExtraTokens(long first, @Nullable Tensor rows) implements AutoCloseable {
    /** None. */
    public static final ExtraTokens NONE = new ExtraTokens(Long.MAX_VALUE, null);

    /** {@code int64 (B, L)} to (B, L, D), a new tensor. */
    Tensor embed(Tensor ids, Embedding own) {
        Tensor more = rows;
        if (more == null) {
            return own.forward(ids);
        }
        Check.that(
                more.size(1) == own.weight().size(1),
                "a token's row has " + more.size(1) + " numbers, but the text encoder takes "
                        + own.weight().size(1));
        return TensorScope.keepResult(() -> {
            Tensor behind = ids.ge(new Scalar(first));
            Tensor zeros = torch.zeros_like(ids);
            Tensor known = own.forward(torch.where(behind, zeros, ids));
            Tensor extra = torch.embedding(
                    more.to(known.options(), false, false, new org.bytedeco.pytorch.MemoryFormatOptional()),
                    torch.where(behind, ids.sub(new Scalar(first)), zeros));
            return torch.where(behind.unsqueeze(-1), extra, known);
        });
    }

    /** Frees the rows. */
    @Override
    public void close() {
        if (rows != null) {
            rows.close();
        }
    }
}
