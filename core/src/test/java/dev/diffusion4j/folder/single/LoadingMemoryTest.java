// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Structure;
import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.checkpoint.WeightWriter;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.WeightMemory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Counts the bytes that the C library has handed out, which LibTorch takes tensors from, at every tensor that is read. */
@EnabledOnOs(OS.LINUX)
class LoadingMemoryTest {
    private static final int READINGS = 7;

    private static final Map<String, @Nullable Object> CONFIG = new LinkedHashMap<>(Map.of(
            "block_out_channels", List.of(192L, 384L),
            "down_block_types", List.of("CrossAttnDownBlock2D", "DownBlock2D"),
            "up_block_types", List.of("UpBlock2D", "CrossAttnUpBlock2D"),
            "cross_attention_dim", 256L));

    /** glibc's {@code struct mallinfo2}. */
    @Structure.FieldOrder({
        "arena",
        "ordblks",
        "smblks",
        "hblks",
        "hblkhd",
        "usmblks",
        "fsmblks",
        "uordblks",
        "fordblks",
        "keepcost"
    })
    public static final class MallInfo extends Structure implements Structure.ByValue {
        public long arena;
        public long ordblks;
        public long smblks;
        public long hblks;
        public long hblkhd;
        public long usmblks;
        public long fsmblks;
        public long uordblks;
        public long fordblks;
        public long keepcost;
    }

    @TempDir
    Path temp;

    private static long liveBytes() {
        Function mallinfo2 = NativeLibrary.getInstance("c").getFunction("mallinfo2");
        MallInfo info = (MallInfo) mallinfo2.invoke(MallInfo.class, new Object[0]);
        return info.uordblks + info.hblkhd;
    }

    /** A source that makes its numbers up and notes how much memory is in use meanwhile. */
    private static final class Counting implements WeightSource {
        private final Map<String, TensorInfo> infos = new LinkedHashMap<>();
        private long peak;

        Counting() {
            try (Model model = WeightMemory.shapesOnly(() -> network(CONFIG))) {
                model.stateDict()
                        .forEach((name, tensor) -> infos.put(name, new TensorInfo(name, DType.F32, sizes(tensor))));
            }
        }

        private static Model network(Map<String, @Nullable Object> config) {
            return ModelFamilies.BUILT_IN.named("UNet2DConditionModel", "test").create(config);
        }

        private static List<Long> sizes(Tensor tensor) {
            return LongStream.range(0, tensor.dim()).mapToObj(tensor::size).toList();
        }

        long bytes(int each) {
            return infos.values().stream()
                    .mapToLong(info -> info.count() * each)
                    .sum();
        }

        @Override
        public Map<String, TensorInfo> tensors() {
            return infos;
        }

        @Override
        public Map<String, String> metadata() {
            return Map.of();
        }

        @Override
        public void read(String name, Tensor target) {
            target.zero_();
            peak = Math.max(peak, liveBytes());
        }

        @Override
        public void close() {}
    }

    @Test
    void a_network_is_in_memory_once_and_in_the_format_that_it_computes_in() {
        Counting source = new Counting();
        PipelinePart part = new PipelinePart("unet", "diffusers", "UNet2DConditionModel", CONFIG, source);
        part.read(ModelFamilies.BUILT_IN, Devices.cpu(), Precision.BF16)
                .close(); // what LibTorch keeps from its first use on
        for (Precision precision : List.of(Precision.F32, Precision.BF16)) {
            long weights = source.bytes(precision == Precision.F32 ? 4 : 2);
            assertThat(weights).isGreaterThan(40_000_000);
            assertThat(taken(part, source, precision))
                    .as("%s: %d bytes of weights", precision, weights)
                    .isBetween(weights, weights * 6 / 5);
        }
    }

    /** The median of several readings: the JVM's compilers take memory from the C library too, at some moments tens of megabytes. */
    private static long taken(PipelinePart part, Counting source, Precision precision) {
        return LongStream.range(0, READINGS)
                .map(i -> {
                    source.peak = 0;
                    long before = liveBytes();
                    part.read(ModelFamilies.BUILT_IN, Devices.cpu(), precision).close();
                    return source.peak - Math.min(before, liveBytes());
                })
                .sorted()
                .skip(READINGS / 2)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void converting_has_one_tensor_in_memory() {
        Counting source = new Counting();
        WeightWriter writer = new WeightWriter(null);
        writer.write(temp, source, DType.floatingAs(DType.F16), WeightWriter.MAX_SHARD_BYTES);
        source.peak = 0;
        long before = liveBytes();
        writer.write(temp, source, DType.floatingAs(DType.F16), WeightWriter.MAX_SHARD_BYTES);
        assertThat(source.peak - before).isLessThan(source.bytes(2) / 5);
    }
}
