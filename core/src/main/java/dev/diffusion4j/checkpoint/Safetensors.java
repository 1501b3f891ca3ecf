// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.tensor.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * A {@code .safetensors} file. Tensors of every dtype and rank are read straight into memory that is already there; see
 * {@link #open} for what is checked first. Format: https://github.com/huggingface/safetensors#format.
 */
public final class Safetensors implements WeightSource {
    /** Bytes written in one call. */
    private static final int CHUNK = 1 << 24;

    private final DataFile file;
    private final SafetensorsHeader header;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private Safetensors(DataFile file, SafetensorsHeader header) {
        this.file = file;
        this.header = header;
        header.entries().forEach((name, entry) -> tensors.put(name, entry.info()));
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws Problem (a failure) naming the file and what is wrong with it
     */
    public static Safetensors open(Path path) {
        DataFile file = DataFile.open(path);
        try {
            return new Safetensors(file, SafetensorsHeader.read(file, path.toString()));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    @Override
    public void read(String name, Tensor target) {
        TensorInfo info = WeightSource.checkTarget(this, name, target);
        long begin = Objects.requireNonNull(header.entries().get(name)).begin();
        NumberLayout.rowMajor(info.dtype(), info.sizes()).read(file, header.dataStart() + begin, target);
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }

    /**
     * Writes tensors whole or not at all. Equal tensors and metadata give equal bytes, those of the reference's writer: the
     * tensors in the order of {@link DType}, last first, then by name.
     *
     * @param tensors of any device and layout, also in an order of oneDNN's; not changed
     * @param metadata such as {@code format = pt}, which PyTorch's loaders expect
     * @throws Problem (a failure) where it cannot be written; what was there is whole still
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
        Check.that(
                !tensors.containsKey(SafetensorsHeader.METADATA),
                "no tensor can be named " + SafetensorsHeader.METADATA);
        List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparing((Map.Entry<String, Tensor> e) -> DType.of(e.getValue()))
                .reversed()
                .thenComparing(Map.Entry::getKey, SafetensorsText.ORDER));
        List<TensorInfo> infos = ordered.stream()
                .map(entry -> new TensorInfo(
                        entry.getKey(),
                        DType.of(entry.getValue()),
                        Arrays.stream(Tensors.shape(entry.getValue())).boxed().toList()))
                .toList();
        byte[] head = header(infos, metadata);
        AtomicFile.writeChannel(file, channel -> {
            writeHead(channel, head);
            for (Map.Entry<String, Tensor> entry : ordered) {
                writeTensor(channel, entry.getValue());
            }
        });
    }

    /**
     * Writes tensors of a source, whole or not at all, with one of them in memory at a time.
     *
     * @param names which ones
     * @param as the format that one of a given format is written in
     * @throws Problem (a failure) where the source cannot be read or the file not be written; what was there is whole still
     */
    public static void copy(
            Path file,
            WeightSource source,
            Collection<String> names,
            UnaryOperator<DType> as,
            Map<String, String> metadata) {
        List<TensorInfo> ordered = names.stream()
                .map(name -> Objects.requireNonNull(source.tensors().get(name), name))
                .map(info -> new TensorInfo(info.name(), as.apply(info.dtype()), info.shape()))
                .sorted(Comparator.comparing(TensorInfo::dtype)
                        .reversed()
                        .thenComparing(TensorInfo::name, SafetensorsText.ORDER))
                .toList();
        byte[] head = header(ordered, metadata);
        AtomicFile.writeChannel(file, channel -> {
            writeHead(channel, head);
            for (TensorInfo info : ordered) {
                try (PointerScope scope = new PointerScope()) {
                    Tensor tensor = Tensors.empty(info.dtype().scalarType(), info.sizes());
                    source.read(info.name(), tensor);
                    writeTensor(channel, tensor);
                }
            }
        });
    }

    private static void writeHead(FileChannel channel, byte[] head) throws IOException {
        ByteBuffer length =
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, head.length);
        writeFully(channel, length);
        writeFully(channel, ByteBuffer.wrap(head));
    }

    private static byte[] header(List<TensorInfo> infos, Map<String, String> metadata) {
        byte[] head = SafetensorsText.header(infos, metadata);
        Check.that(
                head.length <= SafetensorsHeader.MAX_SIZE,
                "too many tensors or too much metadata for a safetensors file");
        return head;
    }

    private static void writeTensor(FileChannel channel, Tensor tensor) throws IOException {
        try (PointerScope scope = new PointerScope()) {
            Tensor dense = tensor.is_mkldnn() ? tensor.to_dense() : tensor.detach();
            Tensor plain = dense.cpu().contiguous(MemoryFormat.Contiguous);
            long total = Tensors.byteSize(plain);
            for (long done = 0; done < total; ) {
                int length = (int) Math.min(CHUNK, total - done);
                writeFully(channel, Tensors.memory(plain, done, length));
                done += length;
            }
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
