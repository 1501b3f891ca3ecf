// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The event file, read back byte by byte: records with their check sums, events with their fields. */
class TensorBoardTrackerTest {
    @TempDir
    Path folder;

    private List<byte[]> records() throws IOException {
        Path file;
        try (Stream<Path> files = Files.list(folder)) {
            file = files.toList().get(0);
        }
        assertThat(file.getFileName().toString()).matches("events\\.out\\.tfevents\\.\\d{10}\\.\\d{9}\\.diffusion4j");
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        List<byte[]> records = new ArrayList<>();
        while (bytes.hasRemaining()) {
            byte[] head = new byte[8];
            bytes.get(head);
            assertThat(bytes.getInt()).isEqualTo(masked(head));
            byte[] event = new byte
                    [(int) ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong()];
            bytes.get(event);
            assertThat(bytes.getInt()).isEqualTo(masked(event));
            records.add(event);
        }
        return records;
    }

    /** As the format of TFRecord files says. */
    private static int masked(byte[] data) {
        CRC32C crc = new CRC32C();
        crc.update(data);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }

    /** What comes after the time: tag 1, eight bytes. */
    private static String afterTime(byte[] event) {
        assertThat(event[0]).isEqualTo((byte) 9);
        StringBuilder hex = new StringBuilder();
        for (int i = 9; i < event.length; i++) {
            hex.append(String.format("%02x", event[i]));
        }
        return hex.toString();
    }

    @Test
    void a_new_run_is_a_version_and_its_events() throws IOException {
        try (TensorBoardTracker tracker = new TensorBoardTracker(folder, 0)) {
            tracker.scalars(300, Map.of("loss", 0.5));
            tracker.image(300, "samples", new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY));
        }
        List<byte[]> records = records();
        assertThat(records).hasSize(3);
        assertThat(new String(records.get(0), StandardCharsets.UTF_8)).endsWith("brain.Event:2");
        // step 300, summary { value { tag: "loss" simple_value: 0.5 } }
        assertThat(afterTime(records.get(1))).isEqualTo("10ac02" + "2a0d" + "0a0b" + "0a046c6f7373" + "150000003f");
        assertThat(afterTime(records.get(2))).startsWith("10ac02").contains("0802" + "1003" + "1801" + "22");
    }

    @Test
    void a_resumed_run_calls_off_the_later_steps() throws IOException {
        new TensorBoardTracker(folder, 299).close();
        // step 300, session_log { status: START }
        assertThat(afterTime(records().get(1))).isEqualTo("10ac02" + "3a02" + "0801");
    }
}
