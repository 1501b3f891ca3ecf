// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightLoader;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@link TrainState}s on the disk: {@code step-00000500/} holds {@code model.safetensors} (of a network with a
 * LoRA that alone), {@code ema.safetensors}, {@code
 * optimizer.safetensors} and {@code state.json}, and appears whole or not at all. The last few are kept.
 */
public final class Checkpoints {
    private static final Pattern NAME = Pattern.compile("step-\\d{8,}");
    private static final String MODEL = "model.safetensors";
    private static final Map<String, String> FORMAT = Map.of("format", "pt");

    private final Path folder;
    private final int keep;
    private final DataRecord data;

    /** For reading. */
    public Checkpoints(Path folder, int keep) {
        this(folder, keep, DataRecord.NONE);
    }

    /**
     * @param keep how many stay
     * @param data what is noted of the data in each
     */
    public Checkpoints(Path folder, int keep, DataRecord data) {
        this.folder = folder;
        this.keep = keep;
        this.data = data;
    }

    /**
     * Writes one, then deletes the oldest beyond the number that is kept.
     *
     * @param dropout the states of all processes' streams, see {@link SharedState#dropout}
     * @throws Problem (a failure) where the disk is full; the older ones are untouched then
     */
    void save(TrainState state, Choices choices, List<String> dropout) {
        Path target = folder.resolve(String.format(java.util.Locale.ROOT, "step-%08d", state.globalStep()));
        if (Files.exists(target)) {
            return; // the same step of the same run: the same bytes
        }
        AtomicFile.createFolder(target, temporary -> {
            Safetensors.write(temporary.resolve(MODEL), state.trained().saved(), FORMAT);
            Safetensors.write(
                    temporary.resolve("optimizer.safetensors"),
                    state.optimizer().state(),
                    FORMAT);
            Ema ema = state.ema();
            if (ema != null) {
                Safetensors.write(temporary.resolve("ema.safetensors"), ema.state(), FORMAT);
            }
            Files.writeString(
                    temporary.resolve("state.json"), Json.pretty(StateText.of(state, choices, dropout, data)));
        });
        prune();
    }

    /** The newest checkpoint, if there is one. */
    public Optional<Path> newest() {
        List<Path> all = list();
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    /** All, oldest first. */
    public List<Path> list() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(
                            file -> NAME.matcher(file.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw Problem.failure("cannot read " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    private void prune() {
        List<Path> all = new ArrayList<>(list());
        while (all.size() > keep) {
            try {
                AtomicFile.deleteTree(all.remove(0));
            } catch (IOException e) {
                return; // an old checkpoint too many does no harm
            }
        }
    }

    /** The choices that a checkpoint's run was made with. */
    public static Choices readChoices(Path checkpoint) {
        Map<String, @Nullable Object> json = Json.readObject(checkpoint.resolve("state.json"));
        return Records.bind(
                Choices.DEFAULT, Json.object(json.get("choices")), checkpoint.resolve("state.json") + ": choices");
    }

    /** What a checkpoint's run noted of the data that it learnt from. */
    public static DataRecord readData(Path checkpoint) {
        Map<String, @Nullable Object> json = Json.readObject(checkpoint.resolve("state.json"));
        Map<String, String> contents = new LinkedHashMap<>();
        if (json.get("data_contents") instanceof Map<?, ?> map) {
            map.forEach((name, value) -> contents.put(String.valueOf(name), String.valueOf(value)));
        }
        return new DataRecord(json.get("data") instanceof String text ? text : "", contents);
    }

    /** Updates that a checkpoint's run had done. */
    public static long readStep(Path checkpoint) {
        return text(checkpoint).step();
    }

    /**
     * Batches that a checkpoint's run had taken.
     *
     * @param accumulation batches of an update, where they were not yet noted: an update always had as many then
     */
    public static long readBatches(Path checkpoint, int accumulation) {
        return text(checkpoint).batches(accumulation);
    }

    /** How many processes a checkpoint's run had. */
    public static int readProcesses(Path checkpoint) {
        return text(checkpoint).processes();
    }

    /**
     * How large something is that a checkpoint's run had learnt.
     *
     * @param name of its tensor
     */
    public static Optional<List<Long>> readShape(Path checkpoint, String name) {
        try (Safetensors file = Safetensors.open(checkpoint.resolve(MODEL))) {
            return Optional.ofNullable(file.tensors().get(name)).map(TensorInfo::shape);
        }
    }

    static StateText text(Path checkpoint) {
        Path file = checkpoint.resolve("state.json");
        return new StateText(Json.readObject(file), file.toString());
    }

    /**
     * Fills {@code state} from a checkpoint.
     *
     * @param batches that the run has taken, as {@link #readBatches} tells, or as many of another number of processes
     * @throws Problem (a failure) where it does not fit the network or is broken
     */
    public static void restore(Path checkpoint, TrainState state, long batches) {
        StateText text = text(checkpoint);
        fill(checkpoint.resolve(MODEL), state.trained().saved());
        fill(checkpoint.resolve("optimizer.safetensors"), state.optimizer().state());
        Ema ema = state.ema();
        if (ema != null) {
            fill(checkpoint.resolve("ema.safetensors"), ema.state());
        }
        text.restore(state, batches);
    }

    private static void fill(Path file, Map<String, Tensor> targets) {
        try (Safetensors source = Safetensors.open(file)) {
            WeightLoader.load(source, targets, UnaryOperator.identity());
        }
    }
}
