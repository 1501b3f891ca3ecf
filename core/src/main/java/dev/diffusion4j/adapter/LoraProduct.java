// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.Tensors;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * One layer's change as an adapter's file has it.
 *
 * @param tensors in the file's dtype; owned by the adapter
 * @param sizes of ΔW
 * @param scale what ΔW is multiplied by: alpha / r
 * @param keys how many of the file's tensors say it
 */
record LoraProduct(
        LoraName name, LoraForm form, Map<LoraPart, Tensor> tensors, LoraForm.Sizes sizes, double scale, int keys) {

    /** A, {@code (r, in)} or {@code (r, in, k, k)}, of {@link LoraForm#LOW_RANK}. */
    Tensor down() {
        return java.util.Objects.requireNonNull(tensors.get(LoraPart.DOWN));
    }

    /** B, {@code (out, r)} or {@code (out, r, 1, 1)}, of {@link LoraForm#LOW_RANK}. */
    Tensor up() {
        return java.util.Objects.requireNonNull(tensors.get(LoraPart.UP));
    }

    boolean isLowRank() {
        return form == LoraForm.LOW_RANK;
    }

    /** peft's or LyCORIS' lengths of a DoRA; {@code null} where it is none. */
    @Nullable
    Tensor lengths() {
        Tensor magnitude = tensors.get(LoraPart.MAGNITUDE);
        return magnitude != null ? magnitude : tensors.get(LoraPart.DORA_SCALE);
    }

    /** The tensors that ΔW is made of, f32; new ones of the current scope where they are not so already. */
    Map<LoraPart, Tensor> factors(Device device) {
        Map<LoraPart, Tensor> factors = new EnumMap<>(LoraPart.class);
        tensors.forEach((part, tensor) -> {
            if (form.has(part)) {
                factors.put(part, tensor.to(device, ScalarType.Float));
            }
        });
        return factors;
    }

    /** Whether it can change a weight {@code (out, in)} or {@code (out, in, k, k)}. */
    boolean fits(Tensor weight) {
        long[] shape = Tensors.shape(weight);
        long in = weight.numel() / shape[0];
        return sizes.out() == shape[0] && sizes.in() == in && (!isLowRank() || hasKernelOf(shape)) && lengthsFit(shape);
    }

    /** A product's own kernel is the layer's; one of 1×1 may be written without. */
    private boolean hasKernelOf(long[] shape) {
        long[] a = Tensors.shape(down());
        for (int i = 1; i < Math.max(a.length, shape.length); i++) {
            if ((i < a.length ? a[i] : 1) != (i < shape.length ? shape[i] : 1)) {
                return false;
            }
        }
        return up().numel() == sizes.out() * sizes.rank();
    }

    private boolean lengthsFit(long[] shape) {
        Tensor lengths = lengths();
        return lengths == null
                || lengths.numel() == shape[0] && (tensors.containsKey(LoraPart.MAGNITUDE) || isByRow())
                || lengths.numel() == shape[1] && !tensors.containsKey(LoraPart.MAGNITUDE) && !isByRow();
    }

    /** Whether LyCORIS' lengths are those of rows, (out, 1 …), and not of columns, (1, in …). */
    boolean isByRow() {
        Tensor scale = tensors.get(LoraPart.DORA_SCALE);
        return scale == null || scale.dim() < 2 || scale.size(0) == scale.numel();
    }

    /** The shapes of its tensors, as text; B x A of a product. */
    String shapes() {
        if (isLowRank() && lengths() == null) {
            return Shapes.text(up()) + " x " + Shapes.text(down());
        }
        return tensors.entrySet().stream()
                .map(entry -> entry.getKey().text() + " " + Shapes.text(entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    void close() {
        tensors.values().forEach(Tensor::close);
    }
}
