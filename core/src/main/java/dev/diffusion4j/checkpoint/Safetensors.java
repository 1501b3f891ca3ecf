// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/**
 * A {@code .safetensors} file. It is read, not mapped: a file that is cut short or replaced while it is open gives an error,
 * never a crash. Format: https://github.com/huggingface/safetensors#format.
 */
public final class Safetensors implements WeightSource {
    /** Bytes read or written in one call, and held while a dtype is converted. */
    private static final int CHUNK = 1 << 24;

    private final Path file;
    private final FileChannel channel;
    private final SafetensorsHeader header;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private Safetensors(Path file, FileChannel channel, SafetensorsHeader header) {
        this.file = file;
        this.channel = channel;
        this.header = header;
        header.entries().forEach((name, entry) -> tensors.put(name, entry.info()));
    }

    /**
     * Opens a file and checks its header.
     *
     * @throws UserError (exit code 1) naming the file and what is wrong with it
     */
    public static Safetensors open(Path file) {
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.READ);
            SafetensorsHeader header = readHeader(channel, file);
            return new Safetensors(file, channel, header);
        } catch (IOException e) {
            closeQuietly(channel);
            throw UserError.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        } catch (RuntimeException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    private static SafetensorsHeader readHeader(FileChannel channel, Path file) throws IOException {
        long size = channel.size();
        if (size < 8) {
            throw SafetensorsHeader.broken(file.toString(), "it has only " + size + " bytes");
        }
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, length, 0, file);
        long headerSize = length.getLong(0);
        if (headerSize < 2 || headerSize > SafetensorsHeader.MAX_HEADER || headerSize > size - 8) {
            throw SafetensorsHeader.broken(
                    file.toString(), "its header would have " + Long.toUnsignedString(headerSize) + " bytes of " + size);
        }
        ByteBuffer json = ByteBuffer.allocate((int) headerSize);
        readFully(channel, json, 8, file);
        return SafetensorsHeader.parse(json.flip(), size, file.toString());
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return java.util.Collections.unmodifiableMap(tensors);
    }

    @Override
    public Map<String, String> metadata() {
        return java.util.Collections.unmodifiableMap(header.metadata());
    }

    @Override
    public void read(String name, Tensor target) {
        SafetensorsHeader.Entry entry = header.entries().get(name);
        if (entry == null) {
            throw new IllegalArgumentException("there is no tensor '" + name + "' in " + file);
        }
        TensorInfo info = entry.info();
        if (!Arrays.equals(info.sizes(), Tensors.shape(target))) {
            throw new IllegalArgumentException("tensor '" + name + "' has the shape " + Shapes.text(info.sizes())
                    + ", the target " + Shapes.text(target));
        }
        long position = header.dataStart() + entry.begin();
        if (Tensors.type(target) == info.dtype().scalarType()) {
            readBytes(target, position);
        } else {
            readConverted(info, target, position);
        }
    }

    /** Straight into the tensor's memory. */
    private void readBytes(Tensor target, long position) {
        long total = Tensors.byteSize(target);
        for (long done = 0; done < total; ) {
            int length = (int) Math.min(CHUNK, total - done);
            fill(Tensors.memory(target, done, length), position + done);
            done += length;
        }
    }

    /** Through a small tensor of the file's dtype, so that no second copy of a large one is held. */
    private void readConverted(TensorInfo info, Tensor target, long position) {
        long count = info.count();
        int chunk = CHUNK / info.dtype().bytes();
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                Tensor flat = target.view(-1);
                Tensor buffer = Tensors.empty(info.dtype().scalarType(), Math.min(chunk, count));
                for (long done = 0; done < count; done += chunk) {
                    long n = Math.min(chunk, count - done);
                    fill(Tensors.memory(buffer, 0, (int) (n * info.dtype().bytes())), position + done * info.dtype().bytes());
                    long start = done;
                    TensorScope.run(() -> flat.narrow(0, start, n).copy_(buffer.narrow(0, 0, n)));
                }
            }
        });
    }

    private void fill(ByteBuffer memory, long position) {
        try {
            readFully(channel, memory, position, file);
        } catch (IOException e) {
            throw UserError.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static void readFully(FileChannel channel, ByteBuffer buffer, long position, Path file) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            int n = channel.read(buffer, at);
            if (n < 0) {
                throw UserError.failure(file + " ends at byte " + at + ", in the middle of its data: it was cut short or "
                        + "changed while it was read");
            }
            at += n;
        }
    }

    @Override
    public void close() {
        closeQuietly(channel);
    }

    private static void closeQuietly(@org.jspecify.annotations.Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // it was only read
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }

    /**
     * Writes tensors whole or not at all. Equal tensors and metadata give equal bytes. The order is the reference's: larger
     * number formats first, then by name.
     *
     * @param tensors of any device and layout; not changed
     * @param metadata such as {@code format = pt}, which PyTorch's loaders want
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
        List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparing((Map.Entry<String, Tensor> e) -> -dtype(e.getValue()).bytes())
                .thenComparing(Map.Entry::getKey));
        byte[] head = header(ordered, metadata);
        AtomicFile.writeChannel(file, channel -> {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, head.length);
            writeFully(channel, length);
            writeFully(channel, ByteBuffer.wrap(head));
            for (Map.Entry<String, Tensor> entry : ordered) {
                writeTensor(channel, entry.getValue());
            }
        });
    }

    private static DType dtype(Tensor tensor) {
        return DType.of(Tensors.type(tensor));
    }

    private static byte[] header(List<Map.Entry<String, Tensor>> ordered, Map<String, String> metadata) {
        Map<String, Object> json = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            json.put("__metadata__", new java.util.TreeMap<>(metadata));
        }
        long offset = 0;
        for (Map.Entry<String, Tensor> entry : ordered) {
            Tensor tensor = entry.getValue();
            long end = offset + Tensors.byteSize(tensor);
            Map<String, Object> description = new LinkedHashMap<>();
            description.put("dtype", dtype(tensor).name());
            description.put("shape", Arrays.stream(Tensors.shape(tensor)).boxed().toList());
            description.put("data_offsets", List.of(offset, end));
            json.put(entry.getKey(), description);
            offset = end;
        }
        byte[] text = Json.compact(json).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(text, (text.length + 7) / 8 * 8);
        Arrays.fill(padded, text.length, padded.length, (byte) ' ');
        return padded;
    }

    private static void writeTensor(FileChannel channel, Tensor tensor) throws IOException {
        try (org.bytedeco.javacpp.PointerScope scope = new org.bytedeco.javacpp.PointerScope()) {
            Tensor plain = tensor.detach().cpu().contiguous(MemoryFormat.Contiguous);
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
