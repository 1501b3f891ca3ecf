// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Conditioners;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.pipeline.CompanionParts;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.tensor.Devices;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an application brings to a run beside its recipe. It is not written into the run's folder: whoever resumes the run brings
 * it again.
 *
 * @param pictures opens the pictures to learn from, in place of the recipe's source; called more than once, and what it opens is
 *     closed; {@code null} for the recipe's source
 * @param families that the recipe's network may be of
 * @param conditioner makes the conditioner of a network, which is borrowed and asked at once; called more than once, and what it
 *     makes is closed; {@code null} for the one that the network needs by itself
 * @param codec makes what stands between the pictures and the network's samples; called more than once, and what it makes is
 *     closed; {@code null} for pixels
 * @param group the processes of the training; borrowed
 * @param device where the network computes, in place of the recipe's {@code training.device}; {@code null} for the recipe's
 */
public record RunParts(
        @Nullable Supplier<? extends Dataset> pictures,
        ModelFamilies families,
        @Nullable Function<? super DiffusionModel, ? extends Conditioner> conditioner,
        @Nullable Supplier<? extends SampleCodec> codec,
        ProcessGroup group,
        @Nullable String device) {
    private static final String OWN = "java:";

    /** Nothing. */
    public static final RunParts NONE =
            new RunParts(null, ModelFamilies.BUILT_IN, null, null, ProcessGroup.ALONE, null);

    /** How a recipe names the data: the recipe's source, or what describes the application's pictures. */
    String source(DataConfig config) {
        if (pictures == null) {
            return config.source();
        }
        try (Dataset first = pictures.get()) {
            return OWN + first.description();
        }
    }

    /** Whether {@link #source} names pictures that an application brought. */
    static boolean isBrought(String source) {
        return source.startsWith(OWN);
    }

    /** The data to learn from; the caller closes it. */
    TrainingData open(DataConfig config) {
        return pictures == null
                ? TrainingData.open(config, SourceOptions.defaults())
                : TrainingData.of(config, pictures.get());
    }

    /** The data to learn from as it is, neither cut nor prepared; the caller closes it. */
    Dataset openSource(DataConfig config) {
        return pictures == null ? TrainingData.openSource(config, SourceOptions.defaults()) : pictures.get();
    }

    /** What is held back of it, for measuring; the caller closes it. */
    TrainingData openHeldBack(DataConfig config) {
        return pictures == null
                ? TrainingData.openHeldBack(config, SourceOptions.defaults())
                : TrainingData.heldBackOf(config, pictures.get());
    }

    /** Whether all that stands beside the network comes from folders, and nothing of it from the application. */
    boolean isPlain() {
        return conditioner == null && codec == null;
    }

    /**
     * Both for a network; the caller closes them.
     *
     * @param beside the parts that the recipe takes from folders; {@code null} for none
     */
    PipelineParts open(DiffusionModel model, @Nullable Companions beside, Recipe recipe) {
        return open(model, beside, recipe, 0, read -> {});
    }

    /**
     * {@link #open(DiffusionModel, Companions, Recipe)} of a run that goes on.
     *
     * @param wordVectors of {@link DreamBooth#wordVectors}
     * @param prepared gets each network of {@code beside} that stays as it is, each time it is read
     */
    PipelineParts open(
            DiffusionModel model,
            @Nullable Companions beside,
            Recipe recipe,
            int wordVectors,
            Consumer<Model> prepared) {
        Set<String> learning = RecipeParts.learning(recipe, beside);
        if (beside == null && !learning.isEmpty() && isPlain()) {
            throw Problem.request(
                    "training.groups names '" + learning.iterator().next()
                            + "', but nothing stands beside the network: its groups are unet, and the text encoders of a"
                            + " text-to-image model");
        }
        if (beside == null || !isPlain()) {
            return open(model);
        }
        return DreamBooth.withWord(
                CompanionParts.open(
                        beside,
                        model,
                        learning,
                        recipe.training().frozenDtype(),
                        RecipeParts.passing(recipe, beside),
                        prepared),
                recipe,
                wordVectors);
    }

    private PipelineParts open(DiffusionModel model) {
        SampleCodec opened = openCodec();
        try {
            return new PipelineParts(conditioner == null ? Conditioners.of(model) : conditioner.apply(model), opened);
        } catch (Throwable e) {
            if (opened != null) {
                opened.close();
            }
            throw e;
        }
    }

    /** The codec that the application brings, which the caller closes; {@code null} for none. */
    @Nullable
    SampleCodec openCodec() {
        return codec == null ? null : codec.get();
    }

    /** How a recipe names a part that an application brought. */
    static String named(Object part) {
        return OWN + part.getClass().getSimpleName();
    }

    /** Where the network computes: {@link #device}, or what the recipe says; of several processes on a machine each has a card of its own. */
    String device(Recipe recipe) {
        String wanted = device == null ? recipe.training().device() : device;
        return group.isShared() ? Devices.ofProcess(wanted, group.localRank()) : wanted;
    }

    /**
     * Looks whether what a recipe names of a program is brought: a run's own recipe does.
     *
     * @throws Problem (a wrong request) where it is not
     */
    void checkNamed(ModelSpec model) {
        checkNamed("conditioner", model.conditioner(), conditioner != null);
        checkNamed("codec", model.codec(), codec != null);
    }

    private static void checkNamed(String part, @Nullable String named, boolean brought) {
        if (named != null && !brought) {
            throw Problem.request("model." + part + " is '" + named
                    + "', which only a Java program can bring to a run: omit it, or start the run from that program");
        }
    }

    /**
     * Looks whether a run gets the parts that it was begun with.
     *
     * @param run its folder
     * @throws Problem (a wrong request) where one is missing, or is one too many
     */
    void checkSame(Recipe recipe, Path run) {
        if (pictures == null && isBrought(recipe.data().source())) {
            throw Problem.request(run + " learns from pictures that a Java program made ("
                    + recipe.data().source() + "): resume it from that program");
        }
        checkSame("conditioner", recipe.model().conditioner(), conditioner != null, run);
        checkSame("codec", recipe.model().codec(), codec != null, run);
    }

    private static void checkSame(String part, @Nullable String before, boolean brought, Path run) {
        if (before != null && !brought) {
            throw Problem.request(run + " learns with a " + part + " that a Java program made (" + before
                    + "): resume it from that program");
        }
        if (before == null && brought) {
            throw Problem.request(run + " was begun without a " + part
                    + " of a Java program: resume it without one, or begin a new run");
        }
    }

    /** With pictures in place of the recipe's source. */
    public RunParts withPictures(Supplier<? extends Dataset> value) {
        return new RunParts(value, families, conditioner, codec, group, device);
    }

    /** With families beside those of this library. */
    public RunParts withFamilies(ModelFamilies value) {
        return new RunParts(pictures, value, conditioner, codec, group, device);
    }

    /** With a conditioner in place of the one that the network needs by itself. */
    public RunParts withConditioner(Function<? super DiffusionModel, ? extends Conditioner> value) {
        return new RunParts(pictures, families, value, codec, group, device);
    }

    /** With a codec in place of pixels. */
    public RunParts withCodec(Supplier<? extends SampleCodec> value) {
        return new RunParts(pictures, families, conditioner, value, group, device);
    }

    /** As one of several processes. */
    public RunParts withGroup(ProcessGroup value) {
        return new RunParts(pictures, families, conditioner, codec, value, device);
    }

    /** On another device than the recipe's: {@code cpu}, {@code cuda}, {@code cuda:N} or {@code auto}. */
    public RunParts withDevice(String value) {
        return new RunParts(pictures, families, conditioner, codec, group, value);
    }
}
