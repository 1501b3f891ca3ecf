// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.Shapes;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * A tensor of a PyTorch file: a view of a storage.
 *
 * @param offset of its first number from the storage's begin, in numbers of its dtype
 */
record StoredTensor(TorchStorage storage, long offset, NumberLayout layout) {
    /** A tensor may repeat its storage's numbers (stride 0), so that a small file could ask for any amount of memory. */
    private static final long MOST_REPEATED = 1L << 28;

    /** @throws Problem (a failure) where it reaches beyond its storage */
    static StoredTensor checked(TorchStorage storage, long offset, NumberLayout layout, String where) {
        StoredTensor tensor = new StoredTensor(storage, offset, layout);
        String shape = Shapes.text(layout.sizes());
        if (layout.strides().length != layout.sizes().length || !tensor.info("").isPossible()) {
            throw TorchPickle.broken(where, "a tensor has the impossible shape " + shape);
        }
        if (!tensor.fits()) {
            throw TorchPickle.broken(
                    where,
                    "a tensor of shape " + shape + " reaches beyond its storage of " + storage.bytes() + " bytes");
        }
        if (tensor.info("").byteSize() > Math.max(storage.bytes(), MOST_REPEATED)) {
            throw TorchPickle.broken(
                    where, "a tensor of shape " + shape + " repeats a storage of " + storage.bytes() + " bytes");
        }
        return tensor;
    }

    private boolean fits() {
        try {
            long end = Math.addExact(offset, layout.span());
            return offset >= 0 && Math.multiplyExact(end, layout.dtype().bytes()) <= storage.bytes();
        } catch (ArithmeticException e) {
            return false;
        }
    }

    TensorInfo info(String name) {
        return new TensorInfo(
                name, layout.dtype(), Arrays.stream(layout.sizes()).boxed().toList());
    }

    /** @param bigEndian whether the file was written so */
    void read(Tensor target, boolean bigEndian) {
        DType dtype = layout.dtype();
        ByteSource source = bigEndian ? new SwappedBytes(storage.source(), dtype.swappedBytes()) : storage.source();
        layout.read(source, storage.begin() + offset * dtype.bytes(), target);
    }
}
