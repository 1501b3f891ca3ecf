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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * A {@code float32} tensor that is written to a safetensors file row by row, and is never in memory as a whole. The rows wait in a
 * temporary file; the file itself appears whole or not at all.
 */
public final class StreamedTensor implements AutoCloseable {
    private final TensorInfo info;
    private final Path spool;
    private final FileChannel channel;
    private long rows;

    /**
     * @param name of the tensor in the file
     * @param rows how many there will be
     * @param row the shape of one
     */
    public StreamedTensor(String name, long rows, long... row) {
        List<Long> shape = new ArrayList<>(List.of(rows));
        for (long size : row) {
            shape.add(size);
        }
        info = new TensorInfo(name, DType.F32, shape);
        try {
            spool = Files.createTempFile("diffusion4j", ".rows");
            channel = FileChannel.open(
                    spool, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException e) {
            throw Problem.failure("cannot keep tensors in the folder for temporary files: " + AtomicFile.reason(e), e);
        }
    }

    /** @param tensor {@code float32}, one row or several, first dimension first; copied */
    public void append(Tensor tensor) {
        float[] values = Tensors.floats(tensor);
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw Problem.failure("cannot keep tensors in " + spool + ": " + AtomicFile.reason(e), e);
        }
        rows += tensor.size(0);
    }

    /**
     * Writes the file.
     *
     * @param metadata such as {@code format = pt}, which PyTorch's loaders ask for
     * @throws Problem where it cannot be written; what was there is whole still
     */
    public void write(Path file, Map<String, String> metadata) {
        write(file, List.of(this), metadata);
    }

    /** {@link #write(Path, Map)} of several tensors into one file, in this order. */
    public static void write(Path file, List<StreamedTensor> tensors, Map<String, String> metadata) {
        for (StreamedTensor each : tensors) {
            long expected = each.info.shape().get(0);
            Check.that(each.rows == expected, "the tensor has " + each.rows + " of its " + expected + " rows");
        }
        byte[] head =
                SafetensorsText.header(tensors.stream().map(each -> each.info).toList(), metadata);
        AtomicFile.writeChannel(file, out -> {
            ByteBuffer length =
                    ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, head.length);
            out.write(length);
            out.write(ByteBuffer.wrap(head));
            for (StreamedTensor each : tensors) {
                each.copy(out);
            }
        });
    }

    private void copy(FileChannel out) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
        for (long done = 0; done < channel.size(); ) {
            chunk.clear();
            done += channel.read(chunk, done);
            chunk.flip();
            while (chunk.hasRemaining()) {
                out.write(chunk);
            }
        }
    }

    /** Deletes the temporary file. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw Problem.failure("cannot delete " + spool + ": " + AtomicFile.reason(e), e);
        }
    }
}
