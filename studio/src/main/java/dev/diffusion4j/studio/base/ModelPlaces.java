// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The models of the folders that are open: those of runs, model folders, large files of weights; and those of the Hub's cache. They are looked for whenever somebody asks, so that
 * what a training has just made is there; the engine is given one when it is first needed.
 */
public final class ModelPlaces {
    private static final int DEEPEST = 6;
    private static final long LARGE = 300L << 20;
    /** Where a run has what was made of its checkpoints. */
    private static final String CHECKPOINT_MODELS = "models";

    private static final Set<String> PASSED = Set.of("node_modules", "target", "checkpoints", "__pycache__");

    /** Data sets that may have to be fetched, which nobody asked for. */
    private static final Pattern FETCHED = Pattern.compile("mnist|fashion_mnist|flowers102|hf:");

    private final Folders folders;
    private final DiffusionService service;

    /**
     * One that was found.
     *
     * @param name by which requests call it: its place
     * @param path its folder, that of its run, or its file
     * @param kind {@code run}, {@code folder}, {@code file}, or {@code hub} for those that were fetched before
     * @param changed in milliseconds since 1970; 0 where it does not matter
     */
    public record Found(String name, Path path, String kind, long changed) {}

    /** Of these folders, drawn by this engine. */
    public ModelPlaces(Folders folders, DiffusionService service) {
        this.folders = folders;
        this.service = service;
    }

    /** All, the newest first. */
    public List<Found> all() {
        List<Found> found = new ArrayList<>();
        folders.all().values().forEach(root -> found.addAll(within(root)));
        found.sort((a, b) -> Long.compare(b.changed, a.changed));
        HubModels.all().forEach((name, path) -> found.add(new Found(name, path, "hub", 0)));
        return found;
    }

    private List<Found> within(Path root) {
        List<Found> found = new ArrayList<>();
        try {
            Files.walkFileTree(root, EnumSet.noneOf(FileVisitOption.class), DEEPEST, new Walk(root, found));
        } catch (IOException e) {
            return found; // as far as it can be read
        }
        return found;
    }

    /** Does not go into a model. */
    private final class Walk extends SimpleFileVisitor<Path> {
        private final Path root;
        private final List<Found> found;

        Walk(Path root, List<Found> found) {
            this.root = root;
            this.found = found;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = String.valueOf(folder.getFileName());
            if (!folder.equals(root) && (name.startsWith(".") || PASSED.contains(name))) {
                return FileVisitResult.SKIP_SUBTREE;
            }
            Path inside = PipelinePlace.insideRun(folder);
            if (Files.exists(inside.resolve(ComponentMap.FILE))) {
                if (mayDraw(inside)) {
                    add(folder, inside.equals(folder) ? "folder" : "run", inside.resolve(ComponentMap.FILE));
                }
                Path checkpoints = folder.resolve(CHECKPOINT_MODELS);
                if (!inside.equals(folder) && Files.isDirectory(checkpoints)) {
                    found.addAll(within(checkpoints));
                }
                return FileVisitResult.SKIP_SUBTREE;
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String name = String.valueOf(file.getFileName());
            if ((name.endsWith(".safetensors") || name.endsWith(".ckpt")) && attributes.size() > LARGE) {
                add(file, "file", file);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE; // somebody else's
        }

        private void add(Path path, String kind, Path dated) {
            folders.place(path).ifPresent(name -> found.add(new Found(name, path, kind, changed(dated))));
        }
    }

    /** What cannot be read is shown, and says what is wrong with it when it is chosen. */
    private static boolean mayDraw(Path folder) {
        try {
            return ComponentMap.read(folder).mayDraw(ModelFamilies.BUILT_IN);
        } catch (Problem e) {
            return true;
        }
    }

    private static long changed(Path file) {
        try {
            return Files.getLastModifiedTime(file).toMillis();
        } catch (IOException e) {
            return 0;
        }
    }

    /** Where a model is, its run's folder where it is one's; empty where there is none of this name. */
    public Optional<Path> path(String name) {
        return all().stream()
                .filter(found -> found.name.equals(name))
                .map(Found::path)
                .findFirst();
    }

    /** The place of a picture that a model drew; empty where there is none in the folders. */
    public Optional<String> picture(Found found) {
        return ModelPictures.of(found.path).flatMap(folders::place);
    }

    /**
     * What is at a place of the folders.
     *
     * @throws Refusal (404) where there is nothing
     */
    public Path resolve(String place) {
        return folders.resolve(place);
    }

    /** What a run's model learnt from; empty where that is not known, or might have to be fetched. */
    public Optional<DataConfig> data(String name) {
        Path recipe = path(name).orElse(Path.of("")).resolve("recipe.yaml");
        if (!Files.exists(recipe)) {
            return Optional.empty();
        }
        try {
            DataConfig data =
                    Recipe.of(Yaml.readObject(recipe), recipe.toString()).data();
            return FETCHED.matcher(data.source()).lookingAt() ? Optional.empty() : Optional.of(data);
        } catch (Problem | IllegalArgumentException | UncheckedIOException e) {
            return Optional.empty(); // a recipe of another version
        }
    }

    /** The names of a run's classes, class 0 first, as its data has them; empty where that is not known. */
    public List<String> classNames(String name) {
        return data(name).map(ModelPlaces::classNames).orElse(List.of());
    }

    private static List<String> classNames(DataConfig data) {
        try (Dataset source = TrainingData.openSource(data, SourceOptions.defaults())) {
            return source.classNames();
        } catch (Problem | IllegalArgumentException | UncheckedIOException e) {
            return List.of(); // its data is not here any more
        }
    }

    /**
     * Has the engine know a model.
     *
     * @param name its place
     * @throws Refusal (404) where there is none
     * @throws Problem naming what is wrong with it
     */
    public void ensure(String name) {
        if (!service.models().contains(name)) {
            Path fetched = HubModels.all().get(name);
            Path path = fetched == null ? PipelinePlace.insideRun(folders.resolve(name)) : fetched;
            service.add(name, ServiceModel.at(path));
        }
    }
}
