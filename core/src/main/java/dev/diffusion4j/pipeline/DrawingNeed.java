// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.tensor.MachineMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.javacpp.Pointer;

/**
 * What drawing needs at the very least, compared with what the machine has: a mistyped number is answered at once, not by a
 * process that is killed for its memory.
 */
public final class DrawingNeed {
    private static final long BYTES_PER_VALUE = 4;
    /** x_t, the noise, the network's output and x_{t−1}. */
    private static final long SAMPLES_OF_A_STEP = 4;
    /** 8×8 grey pixels: no network draws smaller pictures. */
    private static final long SMALLEST_SAMPLE = 64 * BYTES_PER_VALUE;
    /** What a file occupies on most disks, however small it is. */
    private static final long SMALLEST_FILE = 4096;

    private DrawingNeed() {}

    /**
     * @param channels of a sample
     * @throws Problem where one batch cannot be in memory
     */
    static void checkBatch(GenerationRequest request, SampleSize size, int channels) {
        int together =
                request.noise() == NoiseMode.SHARED ? request.count() : Math.min(request.batchSize(), request.count());
        checkBatch(together, size, channels, Pointer.totalPhysicalBytes());
    }

    static void checkBatch(int together, SampleSize size, int channels, long memory) {
        double need = 1.0 * SAMPLES_OF_A_STEP * BYTES_PER_VALUE * together * channels * size.height() * size.width();
        if (memory > 0 && need > memory) {
            throw Problem.request("a step with " + together + (together == 1 ? " picture" : " pictures") + " of "
                    + size.text() + " needs at least " + text(need) + " of memory, and this machine has " + text(memory)
                    + ": give a smaller {size}" + (together == 1 ? "" : " or {batchSize}"));
        }
    }

    /** @throws Problem where the machine has less memory than a call needs, whatever else it did */
    static void checkMemory(DrawingEstimate estimate, SampleSize size, KeepNetworks keeping) {
        checkMemory(estimate, size, keeping, MachineMemory.now().total());
    }

    static void checkMemory(DrawingEstimate estimate, SampleSize size, KeepNetworks keeping, long memory) {
        if (memory > 0 && estimate.peakBytes() > memory) {
            String less = keeping == KeepNetworks.ONE ? "" : "{keeping}, ";
            throw Problem.request("pictures of " + size.text() + " need about " + text(estimate.peakBytes())
                    + " of memory, " + text(estimate.weightBytes()) + " of it for the networks, and this machine has "
                    + text(memory) + ": give a smaller {size} or {batchSize}, " + less + "or {precision} bf16");
        }
    }

    /**
     * For pictures that are kept in memory, before the network's size is known.
     *
     * @throws Problem where not even the smallest pictures would fit
     */
    public static void checkCount(int count) {
        checkCount(count, Pointer.totalPhysicalBytes());
    }

    static void checkCount(int count, long memory) {
        double need = 1.0 * count * SMALLEST_SAMPLE;
        if (memory > 0 && need > memory) {
            throw Problem.request("{count} is " + number(count) + ": so many pictures need at least " + text(need)
                    + " of memory, even of 8x8 pixels, and this machine has " + text(memory)
                    + "; draw fewer, or in several calls with another {seed} each");
        }
    }

    /**
     * For pictures that are written as files.
     *
     * @param folder where they go; need not be there yet
     * @throws Problem where the disk cannot hold so many files
     */
    public static void checkFiles(int count, Path folder) {
        Path place = folder.toAbsolutePath();
        while (place != null && !Files.exists(place)) {
            place = place.getParent();
        }
        if (place == null) {
            return;
        }
        try {
            checkFiles(count, folder, Files.getFileStore(place).getUsableSpace());
        } catch (IOException e) {
            throw Problem.failure("cannot look at the disk of " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    static void checkFiles(int count, Path folder, long free) {
        double need = 1.0 * count * SMALLEST_FILE;
        if (need > free && count > 1) {
            throw Problem.request("{count} is " + number(count) + ": so many pictures need at least " + text(need)
                    + " of disk, and " + folder + " has " + text(free) + " left; draw fewer");
        }
    }

    private static String number(int value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    private static String text(double bytes) {
        return bytes >= 1e12
                ? String.format(Locale.ROOT, "%.1f TB", bytes / 1e12)
                : bytes >= 1e9
                        ? String.format(Locale.ROOT, "%.1f GB", bytes / 1e9)
                        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }
}
