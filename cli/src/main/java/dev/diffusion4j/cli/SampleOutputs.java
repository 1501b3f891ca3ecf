// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.pipeline.DrawingNeed;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code sample} writes. */
final class SampleOutputs {
    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            required = true,
            description = "The folder for 0000.png, 0001.png, …; files of these names are replaced.")
    Path out = Path.of(".");

    @Option(names = "--grid", description = "Also write grid.png: all pictures in one, small ones enlarged.")
    boolean grid;

    @Option(
            names = "--film",
            description =
                    "Also write film.png: the first picture over the steps; above what is denoised, below the guess at the "
                            + "finished picture.")
    boolean film;

    @Option(
            names = "--trace",
            paramLabel = "N",
            description =
                    "Also write trace.png: how each picture comes out of the noise, a row a picture, N steps of it.")
    @Nullable
    Integer trace;

    @Option(
            names = "--save-tensors",
            paramLabel = "FILE",
            description = "Also write the tensor 'samples' (N, C, H, W), f32, before clamping, as safetensors.")
    @Nullable
    Path saveTensors;

    /**
     * Everything that can be checked before anything is drawn.
     *
     * @param pictures how many files there will be at least
     * @param isSweep whether a sweep is drawn, which writes files of its own
     */
    void check(int pictures, boolean isSweep) {
        if (trace != null) {
            Check.positive(trace, "{trace}");
        }
        Check.that(
                !isSweep || !grid && !film && trace == null && saveTensors == null,
                "a sweep writes sweep.png and sweep.gif: omit --grid, --film, --trace and --save-tensors");
        DrawingNeed.checkFiles(pictures, out);
        PictureTarget.checkFolder(out, "--out");
        Check.that(
                saveTensors == null || !Files.isDirectory(saveTensors),
                "--save-tensors must name a file, but " + saveTensors + " is a folder");
        if (saveTensors != null && saveTensors.toAbsolutePath().getParent() != null) {
            AtomicFile.checkFolder(saveTensors.toAbsolutePath().getParent());
        }
    }
}
