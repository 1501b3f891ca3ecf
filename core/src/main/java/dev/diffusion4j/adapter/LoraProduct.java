// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * One layer's low-rank product as an adapter's file has it.
 *
 * @param down A, {@code (r, in)} or {@code (r, in, k, k)}, in the file's dtype; owned by the adapter
 * @param up B, {@code (out, r)} or {@code (out, r, 1, 1)}
 * @param scale what B·A is multiplied by
 * @param keys how many of the file's tensors say it
 */
record LoraProduct(LoraName name, Tensor down, Tensor up, double scale, int keys) {

    /** Whether it can stand beside a weight {@code (out, in)} or {@code (out, in, k, k)}. */
    boolean fits(Tensor weight) {
        long[] shape = Tensors.shape(weight);
        long[] a = Tensors.shape(down);
        long[] b = Tensors.shape(up);
        if (a.length != shape.length || b[0] != shape[0]) {
            return false;
        }
        for (int i = 1; i < shape.length; i++) {
            if (a[i] != shape[i] || i > 1 && b[i] != 1) {
                return false;
            }
        }
        return true;
    }

    /** B x A, as text. */
    String shapes() {
        return Shapes.text(up) + " x " + Shapes.text(down);
    }

    void close() {
        down.close();
        up.close();
    }
}
