// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench;

import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.NativeRuntime;
import dev.diffusion4j.tensor.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;

/** How long a large model takes from its folder to its first step, beside reading its file once; and what it keeps in memory. */
final class LoadCase {
    private static final int CHUNK = 1 << 24;

    private LoadCase() {}

    /** Arguments: {@code f32|bf16}. One round: a JVM that has just started is what is of interest. */
    static void run(Path folder, List<String> arguments, Rounds rounds) throws IOException {
        Precision precision = Precision.valueOf(arguments.get(0).toUpperCase(java.util.Locale.ROOT));
        NativeRuntime.configure();
        Path file = PipelineFolder.open(folder).modelFolder().resolve("diffusion_pytorch_model.safetensors");
        rounds.ready(precision.key(), precision.key());
        if (!rounds.next()) {
            return;
        }
        readOnce(file); // into the system's cache, for both
        double reading = readOnce(file);
        double before = Memory.anonymousMiB();
        long start = System.nanoTime();
        try (DiffusionPipeline pipeline =
                DiffusionPipeline.load(folder, LoadOptions.DEFAULT.withPrecision(precision))) {
            double loading = (System.nanoTime() - start) / 1e9;
            double weights = Memory.anonymousMiB() - before;
            double[] ends = new double[4];
            StepListener clock = event -> ends[event.stepIndex()] = (System.nanoTime() - start) / 1e9;
            GenerationRequest request =
                    GenerationRequest.of(r -> r.size(SampleSize.square(32)).steps(ends.length));
            pipeline.generate(request, clock, new Cancellation()).close();
            double steady = ends[3] - ends[2];
            rounds.done(
                    ends[0] - steady,
                    Map.of(
                            "reading", reading,
                            "loading", loading,
                            "weights_mib", weights,
                            "after_steps_mib", Memory.anonymousMiB() - before));
        }
    }

    /** Seconds to read a file into memory that is fresh from the system. */
    private static double readOnce(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long start = System.nanoTime();
            try (BytePointer memory = new BytePointer(channel.size())) {
                long at = 0;
                while (at < channel.size()) {
                    int length = (int) Math.min(CHUNK, channel.size() - at);
                    ByteBuffer target = memory.getPointer(at).limit(length).asByteBuffer();
                    while (target.hasRemaining()) {
                        channel.read(target);
                    }
                    at += length;
                }
            }
            return (System.nanoTime() - start) / 1e9;
        }
    }
}
