// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.PngFile;
import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * An event file that TensorBoard shows: scalars and pictures. A record is its length, the length's check sum, the event, the
 * event's check sum; an event is a protocol buffer (tensorboard/compat/proto/event.proto).
 */
public final class TensorBoardTracker implements Tracker {
    private static final int MASK_DELTA = 0xa282ead8;

    private static final int SESSION_START = 1;

    private final Path file;
    private final OutputStream out;

    /**
     * Begins a new file in {@code folder}; TensorBoard joins the files of a folder. What an earlier file of the run says of later
     * steps is called off: TensorBoard drops it.
     *
     * @param lastStep the run's last step so far; 0 for a new run
     * @throws Problem (a failure) where it cannot be written
     */
    public TensorBoardTracker(Path folder, long lastStep) {
        Instant now = Instant.now();
        // the files' names are in the order of time, to the nanosecond
        String when = String.format(Locale.ROOT, "%010d.%09d", now.getEpochSecond(), now.getNano());
        file = folder.resolve("events.out.tfevents." + when + ".diffusion4j");
        try {
            Files.createDirectories(folder);
            out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16);
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
        ProtoMessage version = event(0);
        version.text(3, "brain.Event:2");
        write(version);
        if (lastStep > 0) {
            ProtoMessage session = new ProtoMessage();
            session.number(1, SESSION_START);
            ProtoMessage start = event(lastStep + 1);
            start.message(7, session);
            write(start);
        }
    }

    private static ProtoMessage event(long step) {
        ProtoMessage event = new ProtoMessage();
        event.real(1, System.currentTimeMillis() / 1000.0);
        event.number(2, step);
        return event;
    }

    @Override
    public void scalars(long step, Map<String, Double> values) {
        ProtoMessage summary = new ProtoMessage();
        values.forEach((name, number) -> {
            ProtoMessage value = new ProtoMessage();
            value.text(1, name);
            value.shortReal(2, number.floatValue());
            summary.message(1, value);
        });
        ProtoMessage event = event(step);
        event.message(5, summary);
        write(event);
    }

    @Override
    public void image(long step, String name, BufferedImage picture) {
        ProtoMessage image = new ProtoMessage();
        image.number(1, picture.getHeight());
        image.number(2, picture.getWidth());
        image.number(3, picture.getRaster().getNumBands() == 1 ? 1 : 3);
        image.bytes(4, PngFile.bytes(picture, Map.of()));
        ProtoMessage value = new ProtoMessage();
        value.text(1, name);
        value.message(4, image);
        ProtoMessage summary = new ProtoMessage();
        summary.message(1, value);
        ProtoMessage event = event(step);
        event.message(5, summary);
        write(event);
    }

    private void write(ProtoMessage event) {
        byte[] data = event.toByteArray();
        ByteBuffer head = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length);
        head.putInt(maskedChecksum(head.array(), 8));
        ByteBuffer tail =
                ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(maskedChecksum(data, data.length));
        try {
            out.write(head.array());
            out.write(data);
            out.write(tail.array());
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static int maskedChecksum(byte[] data, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, 0, length);
        int value = (int) crc.getValue();
        return (value >>> 15 | value << 17) + MASK_DELTA;
    }

    @Override
    public void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** As much of the protocol buffer format as events need. */
    private static final class ProtoMessage {
        private static final int VARINT = 0;
        private static final int FIXED_64 = 1;
        private static final int BYTES = 2;
        private static final int FIXED_32 = 5;

        private final java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();

        private void tag(int field, int type) {
            varint((long) field << 3 | type);
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                bytes.write((int) (rest & 0x7f | 0x80));
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }

        void number(int field, long value) {
            tag(field, VARINT);
            varint(value);
        }

        void real(int field, double value) {
            tag(field, FIXED_64);
            bytes.writeBytes(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putDouble(value)
                    .array());
        }

        void shortReal(int field, float value) {
            tag(field, FIXED_32);
            bytes.writeBytes(ByteBuffer.allocate(4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(value)
                    .array());
        }

        void bytes(int field, byte[] value) {
            tag(field, BYTES);
            varint(value.length);
            bytes.writeBytes(value);
        }

        void text(int field, String value) {
            bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        void message(int field, ProtoMessage value) {
            bytes(field, value.toByteArray());
        }

        byte[] toByteArray() {
            return bytes.toByteArray();
        }
    }
}
