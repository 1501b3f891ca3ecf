// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** A file, or several, of named tensors, open for reading; {@link WeightFiles} opens them. Reading is thread-safe. */
public interface WeightSource extends AutoCloseable {

    /** What is in it, by name, in the file's order. */
    Map<String, TensorInfo> tensors();

    /** The file's own notes: text by text; empty where the format has none. */
    Map<String, String> metadata();

    /**
     * Reads a tensor into memory that is already there.
     *
     * @param target of the same shape; of any dtype, layout and device: the numbers are converted on the way. Fastest, and
     *     without any other memory, where it is contiguous, on the CPU and of the file's dtype
     * @throws Problem (a failure) where the file is shorter than it says
     * @throws IllegalArgumentException where there is no such tensor, or it has another shape
     */
    void read(String name, Tensor target);

    /** Reads a tensor in the file's own dtype; a new tensor, owned by the current scope. */
    default Tensor read(String name) {
        TensorInfo info = info(this, name);
        Tensor target = Tensors.empty(info.dtype().scalarType(), info.sizes());
        read(name, target);
        return target;
    }

    /**
     * The tensors whose names begin with {@code prefix} and a dot, under the rest of their names: {@code under("state_dict")}
     * of a checkpoint with more in it. Closing the result closes this.
     */
    default WeightSource under(String prefix) {
        return new PrefixedWeights(this, prefix + ".");
    }

    @Override
    void close();

    private static TensorInfo info(WeightSource source, String name) {
        TensorInfo info = source.tensors().get(name);
        if (info == null) {
            throw new IllegalArgumentException("there is no tensor '" + name + "' in " + source);
        }
        return info;
    }

    /** What {@code read} checks first; gives what the file says of the tensor. */
    static TensorInfo checkTarget(WeightSource source, String name, Tensor target) {
        TensorInfo info = info(source, name);
        if (!Arrays.equals(info.sizes(), Tensors.shape(target))) {
            throw new IllegalArgumentException("tensor '" + name + "' has the shape " + Shapes.text(info.sizes())
                    + ", the target " + Shapes.text(target));
        }
        return info;
    }
}
