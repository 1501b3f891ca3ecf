// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * The number formats of a weights file that LibTorch can hold. The names are those of the safetensors format, in its order,
 * which is also the order in which its writer sorts tensors.
 */
public enum DType {
    BOOL(1, ScalarType.Bool, "bool", "BoolStorage"),
    U8(1, ScalarType.Byte, "uint8", "ByteStorage"),
    I8(1, ScalarType.Char, "int8", "CharStorage"),
    F8_E5M2(1, ScalarType.Float8_e5m2, "float8_e5m2", ""),
    F8_E4M3(1, ScalarType.Float8_e4m3fn, "float8_e4m3fn", ""),
    F8_E8M0(1, ScalarType.Float8_e8m0fnu, "float8_e8m0fnu", ""),
    F8_E4M3FNUZ(1, ScalarType.Float8_e4m3fnuz, "float8_e4m3fnuz", ""),
    F8_E5M2FNUZ(1, ScalarType.Float8_e5m2fnuz, "float8_e5m2fnuz", ""),
    I16(2, ScalarType.Short, "int16", "ShortStorage"),
    U16(2, ScalarType.UInt16, "uint16", ""),
    F16(2, ScalarType.Half, "float16", "HalfStorage"),
    BF16(2, ScalarType.BFloat16, "bfloat16", "BFloat16Storage"),
    I32(4, ScalarType.Int, "int32", "IntStorage"),
    U32(4, ScalarType.UInt32, "uint32", ""),
    F32(4, ScalarType.Float, "float32", "FloatStorage"),
    C64(8, ScalarType.ComplexFloat, "complex64", "ComplexFloatStorage"),
    F64(8, ScalarType.Double, "float64", "DoubleStorage"),
    I64(8, ScalarType.Long, "int64", "LongStorage"),
    U64(8, ScalarType.UInt64, "uint64", "");

    /** What a number stands for; weights are never read from one kind into another. */
    enum Kind {
        TRUTH,
        WHOLE,
        FLOATING,
        COMPLEX
    }

    private final int bytes;
    private final ScalarType scalarType;
    private final String torchName;
    private final String storageName;

    DType(int bytes, ScalarType scalarType, String torchName, String storageName) {
        this.bytes = bytes;
        this.scalarType = scalarType;
        this.torchName = torchName;
        this.storageName = storageName;
    }

    /** Bytes a number takes. */
    public int bytes() {
        return bytes;
    }

    /** LibTorch's name. */
    public ScalarType scalarType() {
        return scalarType;
    }

    /** Every floating-point format becomes {@code floating}; with {@code null}, and for the others, each stays. */
    public static UnaryOperator<DType> floatingAs(@Nullable DType floating) {
        return format -> floating != null && format.kind() == Kind.FLOATING ? floating : format;
    }

    /** PyTorch's name: {@code float16}. */
    public String torchName() {
        return torchName;
    }

    /** Bytes that change places between little and big machines. */
    int swappedBytes() {
        return this == C64 ? 4 : bytes;
    }

    Kind kind() {
        return switch (name().charAt(0)) {
            case 'B' -> this == BOOL ? Kind.TRUTH : Kind.FLOATING;
            case 'F' -> Kind.FLOATING;
            case 'C' -> Kind.COMPLEX;
            default -> Kind.WHOLE;
        };
    }

    /**
     * The format of a tensor's numbers.
     *
     * @throws IllegalArgumentException where no file holds such numbers
     */
    public static DType of(Tensor tensor) {
        ScalarType type = tensor.scalar_type().intern(); // what comes from LibTorch is an equal object, not the same
        return Arrays.stream(values())
                .filter(candidate -> candidate.scalarType == type)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no file format holds " + type));
    }

    /** By its name in a safetensors file. */
    public static Optional<DType> named(String name) {
        return Arrays.stream(values())
                .filter(candidate -> candidate.name().equals(name))
                .findFirst();
    }

    /** By its name in Python: {@code torch.float32}. */
    static Optional<DType> ofTorch(String name) {
        return Arrays.stream(values())
                .filter(candidate -> ("torch." + candidate.torchName).equals(name))
                .findFirst();
    }

    /** By the Python class of its storages: {@code FloatStorage}. */
    static Optional<DType> ofStorage(String className) {
        return Arrays.stream(values())
                .filter(candidate -> !className.isEmpty() && candidate.storageName.equals(className))
                .findFirst();
    }
}
