// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.tensor.Tensors;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** A file, or several, of named tensors, open for reading. */
public interface WeightSource extends AutoCloseable {

    /** What is in it, by name, in the file's order. */
    Map<String, TensorInfo> tensors();

    /** The file's own notes: text by text; empty where the format has none. */
    Map<String, String> metadata();

    /**
     * Reads a tensor into memory that is already there.
     *
     * @param target contiguous, on the CPU, of the same shape; of any dtype, into which the numbers are converted
     * @throws UserError (exit code 1) where the file is shorter than it says
     */
    void read(String name, Tensor target);

    /** Reads a tensor in the file's own dtype; a new tensor, owned by the current scope. */
    default Tensor read(String name) {
        TensorInfo info = tensors().get(name);
        if (info == null) {
            throw new IllegalArgumentException("there is no tensor '" + name + "' in " + this);
        }
        Tensor target = Tensors.empty(info.dtype().scalarType(), info.sizes());
        read(name, target);
        return target;
    }

    @Override
    void close();
}
