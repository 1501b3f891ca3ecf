// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.demo;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.guidance.LossGuidance.Gradient;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.schedule.PredictionType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes a folder that draws for others: the model, the program with its natives for this platform, scripts that start it, and what makes a Space of it. */
public final class DemoPack {
    /** Files of the folder that are the same in each, by their names here and there. */
    private static final List<String> SCRIPTS =
            List.of("start.sh", "start.cmd", "Dockerfile", "README.md", ".gitattributes");

    private static final long MEGA = 1_000_000;

    private DemoPack() {}

    /**
     * Packs.
     *
     * @param place of the model: its folder, that of its run, one file, or a repository of the Hub
     * @param guide what the page pushes to
     * @param clip the place of the CLIP that the guide {@code clip} needs; {@code null} for none
     * @param program the class path of the program, files and folders
     * @param folder that is made; it may be there, but must be empty
     * @return what is in it
     * @throws Problem where the model is none, the guide does not suit it, the folder is not empty, or there is no room
     */
    public static DemoConfig write(
            Path place, DemoGuide guide, @Nullable Path clip, List<Path> program, Path folder, HubProgress progress) {
        checkEmpty(folder);
        Path model = PipelinePlace.folder(place, null, progress);
        Path seeing = clip(guide, clip);
        DemoConfig config = look(model, guide, seeing, title(place));
        List<DemoFile> files = DemoFile.all(model, config, seeing, program);
        checkRoom(folder, files);
        AtomicFile.createFolder(folder, made -> {
            fill(made, files, config);
            Files.deleteIfExists(folder); // an empty one
        });
        return config;
    }

    private static void checkEmpty(Path folder) {
        if (!Files.exists(folder)) {
            AtomicFile.checkFolder(folder);
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw Problem.request("{folder} must be a folder, but " + folder + " is a file");
        }
        try (Stream<Path> inside = Files.list(folder)) {
            if (inside.findAny().isPresent()) {
                throw Problem.request("{folder} " + folder + " is not empty: name a new one, or empty it");
            }
        } catch (IOException e) {
            throw Problem.failure("cannot look into " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    private static @Nullable Path clip(DemoGuide guide, @Nullable Path clip) {
        if (guide != DemoGuide.CLIP) {
            if (clip != null) {
                throw Problem.request("{clipModel} is for the {guide} clip: omit it, or ask for that");
            }
            return null;
        }
        if (clip == null) {
            throw Problem.request("the {guide} clip needs a CLIP: name its folder by {clipModel}");
        }
        return PipelinePlace.insideRun(clip);
    }

    /** What the page must know of a model; whether the two suit each other is seen here, and not by the first visitor. */
    private static DemoConfig look(Path model, DemoGuide guide, @Nullable Path clip, String title) {
        Clip.Origin origin = clip == null ? null : new Clip.Origin(clip, null);
        String start = guide.text(guide.start().value(), guide.start().guidanceScale(), Gradient.CHEAP.key());
        try (GuideKit kit = new GuideKit(origin, text -> {});
                DiffusionPipeline pipeline = DiffusionPipeline.load(model)) {
            kit.parse(start).checkChannels(pipeline.codec().pictureChannels());
            return new DemoConfig(
                    title,
                    guide.key(),
                    Files.isDirectory(model) ? "model" : "model/" + model.getFileName(),
                    clip == null ? null : "clip",
                    gradient(pipeline.scheduler().predictionType()).key(),
                    DemoConfig.DEFAULT.steps(),
                    takes(pipeline),
                    pipeline.numClasses());
        }
    }

    private static Gradient gradient(PredictionType predicts) {
        return predicts == PredictionType.EPSILON ? Gradient.CHEAP : Gradient.EXACT;
    }

    private static String takes(DiffusionPipeline pipeline) {
        if (pipeline.numClasses() > 0) {
            return "class";
        }
        try {
            pipeline.check(GenerationRequest.of(r -> r.prompt("a picture")));
            return "prompt";
        } catch (Problem e) {
            return pipeline.prompts().isPresent() ? "prompt" : "nothing";
        }
    }

    private static String title(Path place) {
        Path run = PipelinePlace.runOf(place.toAbsolutePath().normalize());
        return PipelinePlace.repository(place)
                .map(repo -> repo.id())
                .or(() -> Optional.ofNullable(run.getFileName()).map(Path::toString))
                .orElse(DemoConfig.DEFAULT.title());
    }

    private static void checkRoom(Path folder, List<DemoFile> files) {
        Path there = folder.toAbsolutePath().normalize();
        while (!Files.exists(there)) {
            there = Objects.requireNonNull(there.getParent());
        }
        try {
            long free = Files.getFileStore(there).getUsableSpace();
            checkRoom(folder, files.stream().mapToLong(DemoFile::bytes).sum(), free);
        } catch (IOException e) {
            throw Problem.failure("cannot look at the disk of " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    /** @throws Problem (a failure) where fewer bytes are free than are needed */
    static void checkRoom(Path folder, long needed, long free) {
        if (free < needed) {
            throw Problem.failure("there is no room for the demo in " + folder + ": it takes " + needed / MEGA
                    + " MB, and " + free / MEGA + " MB are free");
        }
    }

    private static void fill(Path folder, List<DemoFile> files, DemoConfig config) throws IOException {
        for (DemoFile file : files) {
            file.copyInto(folder);
        }
        Files.writeString(folder.resolve(DemoConfig.FILE), config.toJson());
        for (String name : SCRIPTS) {
            String text = resource(name.startsWith(".") ? name.substring(1) : name)
                    .replace("@TITLE@", config.title().replaceAll("[^\\w ./-]", " "))
                    .replace("@GUIDE@", config.guide());
            Files.writeString(
                    folder.resolve(name),
                    name.endsWith(".cmd") ? text.replace("\n", "\r\n") : text,
                    StandardCharsets.UTF_8);
        }
        folder.resolve("start.sh").toFile().setExecutable(true, false);
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = DemoPack.class.getResourceAsStream("/demo/pack/" + name)) {
            if (in == null) {
                throw new IllegalStateException("demo/pack/" + name + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
