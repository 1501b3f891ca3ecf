// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A part of a pipeline as its folder names it; nothing of it has been read.
 *
 * @param name {@code unet}, {@code vae}, {@code text_encoder}, {@code scheduler}, …
 * @param library {@code diffusers}, {@code transformers}, or another that defines the class
 * @param className its class there
 * @param pipelineFolder the folder that names it
 */
public record Component(String name, String library, String className, Path pipelineFolder) {
    static final String SCHEDULER = "scheduler";
    static final String SCHEDULER_CONFIG = "scheduler_config.json";
    static final String CONFIG = "config.json";

    /** Parts that diffusers lets a pipeline go without; none of them changes a picture. */
    private static final Set<String> OPTIONAL = Set.of("safety_checker", "feature_extractor", "image_encoder");

    /** Where its config and weights lie: a folder of its name, or the pipeline's own. */
    public Path folder() {
        Path nested = pipelineFolder.resolve(name);
        return Files.isDirectory(nested) ? nested : pipelineFolder;
    }

    /** Whether it cuts texts into tokens; it has no weights. */
    public boolean isTokenizer() {
        return name.startsWith("tokenizer");
    }

    /** Whether it is the algorithm, which has no weights. */
    public boolean isScheduler() {
        return name.equals(SCHEDULER);
    }

    /** Whether a pipeline draws the same pictures without it. */
    public boolean isOptional() {
        return OPTIONAL.contains(name);
    }

    /** Whether it is a network that may run beside a denoiser. */
    boolean isControl(ModelFamilies families) {
        return hasRole(ModelRole.CONTROL, families);
    }

    /** Whether it is a part of another network of the folder, written out once more for those who need that part: a CLIP's text half. */
    boolean isWithin(ComponentMap map, ModelFamilies families) {
        boolean isOfText = isTokenizer() || hasRole(ModelRole.TEXT_ENCODER, families);
        return isOfText
                && map.components().values().stream().anyMatch(other -> other.className.equals(ClipFolder.CLASS));
    }

    private boolean hasRole(ModelRole role, ModelFamilies families) {
        return family(families)
                .filter(family -> family.modelClass().role() == role)
                .isPresent();
    }

    /** The family of networks that it is one of; empty where none is known, and for what is no network. */
    public Optional<ModelFamily> family(ModelFamilies families) {
        return families.find(className);
    }

    /** Whether this library can use it. */
    public boolean isKnown(ModelFamilies families) {
        if (isTokenizer()) {
            return TokenizerFolder.reads(className);
        }
        return isScheduler()
                ? Arrays.stream(SchedulerKind.values())
                        .anyMatch(kind -> kind.className().equals(className))
                : family(families).isPresent();
    }

    /** Where its config is, whether it is there or not. */
    private Path configPath() {
        if (isScheduler()) {
            return folder().resolve(SCHEDULER_CONFIG);
        }
        if (isTokenizer()) {
            return folder().resolve("tokenizer_config.json");
        }
        return folder().resolve(name.equals("feature_extractor") ? "preprocessor_config.json" : CONFIG);
    }

    /**
     * Its config's file.
     *
     * @throws Problem (a failure) where there is none, saying what was found
     */
    public Path configFile() {
        Path file = configPath();
        if (!Files.exists(file)) {
            throw Problem.failure("the component '" + name + "' of " + pipelineFolder + " has no " + file.getFileName()
                    + "; found " + WeightFiles.listing(Objects.requireNonNull(file.getParent())));
        }
        return file;
    }

    /** Its config's file within the pipeline's folder, or the file that names it where it has none. */
    String place() {
        return Files.exists(configPath())
                ? pipelineFolder.relativize(configPath()).toString().replace('\\', '/')
                : ComponentMap.FILE;
    }

    /** Its config; empty where it has no file of one. */
    public Optional<Map<String, @Nullable Object>> config() {
        return Files.exists(configPath()) ? Optional.of(Json.readObject(configPath())) : Optional.empty();
    }

    /**
     * The tokenizer that it is.
     *
     * @throws Problem (a failure) where its files cannot be read, or are of another kind
     */
    public ClipTokenizer readTokenizer() {
        return TokenizerFolder.read(folder());
    }

    /** What the names of its weights' files begin with: its family's stem, or the usual one of its library. */
    public String weightStem(ModelFamilies families) {
        return family(families)
                .map(family -> family.modelClass().weightStem())
                .orElseGet(() -> ModelClass.weightStemOf(library));
    }

    /**
     * Its weights as they lie in the files; the caller closes them.
     *
     * @param variant {@code fp16}, or {@code null}: the plain ones, else any that there are
     * @throws Problem (a failure) where there are none
     */
    public WeightSource openWeights(ModelFamilies families, @Nullable String variant) {
        return WeightFiles.open(folder(), weightStem(families), variant);
    }

    /** {@code 'vae' (AutoencoderKL of diffusers)}. */
    @Override
    public String toString() {
        return "'" + name + "' (" + className + " of " + library + ")";
    }
}
