// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.layer.LowRank;
import dev.diffusion4j.layer.WeightChange;
import dev.diffusion4j.layer.WeightTerm;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * What several adapters make of one layer's weight W, each of what those before it left: rows · W · columns + Σ ΔW.
 *
 * <p>A DoRA (Liu et al., 2024) scales the rows of W + ΔW to lengths of its own. With peft's lengths the user's strength is within the norm: m /
 * ‖W + s·ΔW‖ · (W + s·ΔW). With LyCORIS' lengths, of rows or of columns, it mixes as A1111 and ComfyUI do: W + s·(m / ‖W + ΔW‖ · (W + ΔW) − W).
 */
final class LoraSum {
    /** As LyCORIS adds to a norm: the step of f32 at 1. */
    private static final double EPSILON = Math.ulp(1.0f);

    private final Supplier<Tensor> weight;
    private final List<Scaled> terms = new ArrayList<>();
    private @Nullable Tensor rows;
    private @Nullable Tensor columns;

    /** @param weight W in plain order, f32; asked only where a DoRA needs it */
    LoraSum(Supplier<Tensor> weight) {
        this.weight = weight;
    }

    /** A product with its factors, f32. */
    private record Scaled(LoraProduct product, double scale, @Nullable Tensor rows, @Nullable Tensor columns) {
        Scaled byRows(Tensor gain) {
            return new Scaled(product, scale, times(rows, gain), columns);
        }

        Scaled byColumns(Tensor gain) {
            return new Scaled(product, scale, rows, times(columns, gain));
        }

        boolean isPlain() {
            return rows == null && columns == null;
        }

        /** B with the strength and all factors of the rows, f32 {@code (out, r …)}. */
        Tensor up(Device device) {
            Tensor up = product.up().to(device, ScalarType.Float).mul(new Scalar(scale));
            return rows == null ? up : up.flatten(1, -1).mul(rows.unsqueeze(1));
        }

        /** A with all factors of the columns, f32 {@code (r, in …)}. */
        Tensor down(Device device) {
            Tensor down = product.down().to(device, ScalarType.Float);
            return columns == null ? down : down.mul(LoraDelta.along(columns, down));
        }

        /** For weights in f32; its tensors are the current scope's and the adapter's. */
        WeightTerm term(Device device) {
            return product.isLowRank()
                    ? new LowRank(down(device), up(device), 1)
                    : new LoraDelta(product.form(), product.factors(device), scale, rows, columns);
        }
    }

    private static Tensor times(@Nullable Tensor known, Tensor gain) {
        return known == null ? gain : known.mul(gain);
    }

    /** @param strength 1 as it was trained; not 0 */
    void add(LoraProduct product, double strength) {
        double scale = strength * product.scale();
        Tensor lengths = product.lengths();
        if (lengths == null) {
            terms.add(new Scaled(product, scale, null, null));
        } else if (product.tensors().containsKey(LoraPart.MAGNITUDE)) {
            Tensor gain = gain(product, scale, lengths, true);
            scaleRows(gain);
            terms.add(new Scaled(product, scale, gain, null));
        } else {
            boolean byRow = product.isByRow();
            Tensor gain = gain(product, product.scale(), lengths, byRow);
            Tensor mixed = gain.sub(new Scalar(1)).mul(new Scalar(strength)).add(new Scalar(1));
            if (byRow) {
                scaleRows(mixed);
            } else {
                scaleColumns(mixed);
            }
            terms.add(new Scaled(product, scale, byRow ? gain : null, byRow ? null : gain));
        }
    }

    /** What makes the rows, or columns, of W + scale·ΔW as long as they shall be; W is what the adapters before it left. */
    private Tensor gain(LoraProduct product, double scale, Tensor lengths, boolean byRow) {
        return TensorScope.keepResult(() -> {
            Tensor whole = weight.get();
            Tensor delta =
                    new Scaled(product, scale, null, null).term(whole.device()).product(whole);
            Tensor sum = change(whole.device()).folded(whole).add(delta);
            Tensor flat = (byRow ? sum : sum.transpose(0, 1)).flatten(1, -1);
            Tensor norm = flat.square().sum(1).sqrt().add(new Scalar(EPSILON));
            return lengths.to(whole.device(), ScalarType.Float).flatten().div(norm);
        });
    }

    private void scaleRows(Tensor gain) {
        rows = times(rows, gain);
        terms.replaceAll(term -> term.byRows(gain));
    }

    private void scaleColumns(Tensor gain) {
        columns = times(columns, gain);
        terms.replaceAll(term -> term.byColumns(gain));
    }

    /** For weights in f32; its tensors are the current scope's and the adapters'. */
    WeightChange change(Device device) {
        return new WeightChange(
                rows, columns, terms.stream().map(term -> term.term(device)).toList());
    }

    /**
     * For a view of a layer.
     *
     * @param like the layer's weight, of whose device and dtype the tensors are
     * @param owned gets all tensors: the adapters' own memory where it has both already
     */
    WeightChange owned(Tensor like, List<Tensor> owned) {
        ScalarType type = Tensors.type(like);
        List<WeightTerm> all = new ArrayList<>();
        List<Scaled> thin =
                terms.stream().filter(term -> term.product.isLowRank()).toList();
        if (!thin.isEmpty()) {
            all.add(joined(thin, like, owned));
        }
        for (Scaled term : terms) {
            if (!term.product.isLowRank()) {
                Map<LoraPart, Tensor> factors = new EnumMap<>(LoraPart.class);
                term.product
                        .factors(like.device())
                        .forEach((part, tensor) -> factors.put(part, own(tensor, like, ScalarType.Float, owned)));
                all.add(new LoraDelta(
                        term.product.form(),
                        factors,
                        term.scale,
                        ownOrNone(term.rows, like, ScalarType.Float, owned),
                        ownOrNone(term.columns, like, ScalarType.Float, owned)));
            }
        }
        return new WeightChange(ownOrNone(rows, like, type, owned), ownOrNone(columns, like, type, owned), all);
    }

    /** One product that does what all do: their A one below the other, their scaled B side by side. */
    private static LowRank joined(List<Scaled> parts, Tensor like, List<Tensor> owned) {
        ScalarType type = Tensors.type(like);
        Scaled only = parts.get(0);
        if (parts.size() == 1 && only.isPlain()) {
            Tensor down = own(shaped(only.product.down(), like), like, type, owned);
            return new LowRank(down, own(shaped(only.product.up(), like), like, type, owned), only.scale);
        }
        TensorVector downs = new TensorVector();
        TensorVector ups = new TensorVector();
        for (Scaled part : parts) {
            downs.push_back(shaped(part.down(like.device()), like));
            ups.push_back(shaped(part.up(like.device()), like));
        }
        Tensor down = own(cat(downs, 0), like, type, owned);
        return new LowRank(down, own(cat(ups, 1), like, type, owned), 1);
    }

    /** With as many dimensions as the weight, of which a kernel of 1×1 may be written without. */
    private static Tensor shaped(Tensor factor, Tensor like) {
        if (like.dim() == factor.dim()) {
            return factor;
        }
        return like.dim() == 2 ? factor.flatten(1, -1) : factor.view(factor.size(0), factor.size(1), 1, 1);
    }

    private static Tensor own(Tensor tensor, Tensor like, ScalarType type, List<Tensor> owned) {
        Tensor made = TensorScope.ownResult(() -> tensor.to(like.device(), type));
        owned.add(made);
        return made;
    }

    private static @Nullable Tensor ownOrNone(
            @Nullable Tensor tensor, Tensor like, ScalarType type, List<Tensor> owned) {
        return tensor == null ? null : own(tensor, like, type, owned);
    }
}
