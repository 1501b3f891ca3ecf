// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The number formats of a weights file that LibTorch can hold; the names are those of the safetensors format. */
public enum DType {
    BOOL(1, ScalarType.Bool),
    U8(1, ScalarType.Byte),
    I8(1, ScalarType.Char),
    F8_E5M2(1, ScalarType.Float8_e5m2),
    F8_E4M3(1, ScalarType.Float8_e4m3fn),
    I16(2, ScalarType.Short),
    U16(2, ScalarType.UInt16),
    F16(2, ScalarType.Half),
    BF16(2, ScalarType.BFloat16),
    I32(4, ScalarType.Int),
    U32(4, ScalarType.UInt32),
    F32(4, ScalarType.Float),
    C64(8, ScalarType.ComplexFloat),
    F64(8, ScalarType.Double),
    I64(8, ScalarType.Long),
    U64(8, ScalarType.UInt64);

    private final int bytes;
    private final ScalarType scalarType;

    DType(int bytes, ScalarType scalarType) {
        this.bytes = bytes;
        this.scalarType = scalarType;
    }

    /** Bytes a number takes. */
    public int bytes() {
        return bytes;
    }

    /** LibTorch's name. */
    public ScalarType scalarType() {
        return scalarType;
    }

    /** The format of a tensor's numbers. */
    public static DType of(ScalarType type) {
        return Arrays.stream(values())
                .filter(candidate -> candidate.scalarType == type)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no file format holds " + type));
    }

    /** By its name in a file. */
    public static Optional<DType> named(String name) {
        return Arrays.stream(values())
                .filter(candidate -> candidate.name().equals(name))
                .findFirst();
    }
}
