// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Between Java arrays and tensors. New tensors are on the CPU and belong to the current scope. */
public final class Tensors {
    private Tensors() {}

    /** The sizes of all dimensions. */
    public static long[] shape(Tensor tensor) {
        long[] shape = new long[(int) tensor.dim()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = tensor.size(i);
        }
        return shape;
    }

    /** The dtype, as the constant that {@code ==} knows; LibTorch's own getter gives a new object each time. */
    public static ScalarType type(Tensor tensor) {
        return tensor.scalar_type().intern();
    }

    /** Memory of the given shape and dtype with any content. */
    public static Tensor empty(ScalarType type, long... shape) {
        NativeRuntime.configure();
        return torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional());
    }

    /** {@code float32} of the given shape with a copy of {@code values}, row-major. */
    public static Tensor of(float[] values, long... shape) {
        Tensor tensor = empty(ScalarType.Float, shape);
        try (FloatPointer data = tensor.data_ptr_float()) {
            data.put(values, 0, values.length);
        }
        return tensor;
    }

    /** {@code float32 (n)} from doubles. */
    public static Tensor ofDoubles(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return of(floats, values.length);
    }

    /** {@code float64 (n)}. */
    public static Tensor ofExactDoubles(double... values) {
        Tensor tensor = empty(ScalarType.Double, values.length);
        try (DoublePointer data = tensor.data_ptr_double()) {
            data.put(values, 0, values.length);
        }
        return tensor;
    }

    /** The values of a {@code float64 (n)}. */
    public static double[] exactDoubles(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.numel())];
        try (DoublePointer data = tensor.data_ptr_double()) {
            data.get(values, 0, values.length);
        }
        return values;
    }

    /** {@code int64 (n)}. */
    public static Tensor ofLongs(long... values) {
        Tensor tensor = empty(ScalarType.Long, values.length);
        try (LongPointer data = tensor.data_ptr_long()) {
            data.put(values, 0, values.length);
        }
        return tensor;
    }

    /** {@code uint8 (n)}. */
    public static Tensor ofBytes(byte... values) {
        Tensor tensor = empty(ScalarType.Byte, values.length);
        try (BytePointer data = tensor.data_ptr_byte()) {
            data.put(values, 0, values.length);
        }
        return tensor;
    }

    /** All values as {@code float}, row-major, whatever the dtype, device and layout. */
    public static float[] floats(Tensor tensor) {
        return TensorScope.compute(() -> {
            Tensor plain = onCpu(tensor, ScalarType.Float);
            float[] values = new float[Math.toIntExact(plain.numel())];
            try (FloatPointer data = plain.data_ptr_float()) {
                data.get(values, 0, values.length);
            }
            return values;
        });
    }

    /** All values of a whole-number tensor, row-major. */
    public static long[] longs(Tensor tensor) {
        return TensorScope.compute(() -> {
            Tensor plain = onCpu(tensor, ScalarType.Long);
            long[] values = new long[Math.toIntExact(plain.numel())];
            try (LongPointer data = plain.data_ptr_long()) {
                data.get(values, 0, values.length);
            }
            return values;
        });
    }

    /** All values of a {@code uint8} tensor, row-major. */
    public static byte[] bytes(Tensor tensor) {
        return TensorScope.compute(() -> {
            Tensor plain = onCpu(tensor, ScalarType.Byte);
            byte[] values = new byte[Math.toIntExact(plain.numel())];
            try (BytePointer data = plain.data_ptr_byte()) {
                data.get(values, 0, values.length);
            }
            return values;
        });
    }

    /** {@code length} bytes of a contiguous CPU tensor from byte {@code offset} on, little-endian; valid while it lives. */
    public static ByteBuffer memory(Tensor tensor, long offset, int length) {
        BytePointer start =
                new BytePointer(tensor.data_ptr()).getPointer(offset); // a buffer's own offset ends at 2 GiB
        return start.limit(length).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** How many bytes the values take. */
    public static long byteSize(Tensor tensor) {
        return tensor.numel() * tensor.element_size();
    }

    private static Tensor onCpu(Tensor tensor, ScalarType type) {
        return tensor.detach().to(Devices.cpu(), type).contiguous(MemoryFormat.Contiguous);
    }
}
