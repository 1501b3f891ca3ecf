// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A word that was learnt for text encoders: Gal et al. (2022). It owns its vectors. Files are those of diffusers (one tensor, whose key is the
 * word), of A1111 ({@code string_to_param} with a {@code name}, or {@code emb_params}), and of Stable Diffusion XL ({@code clip_l} and
 * {@code clip_g}); where a file does not say the word, its name is the word.
 */
public final class TextualInversion implements AutoCloseable {
    private static final String PICKLED = "string_to_param.";
    private static final String NAMELESS = "emb_params";
    private static final String FIRST = "clip_l";
    private static final String SECOND = "clip_g";

    private final Path file;
    private final String word;
    private final Map<String, Tensor> vectors;

    private TextualInversion(Path file, String word, Map<String, Tensor> vectors) {
        this.file = file;
        this.word = word;
        this.vectors = vectors;
    }

    /**
     * Reads a file: safetensors, or what {@code torch.save} wrote.
     *
     * @throws Problem (a failure) where it holds no such word
     */
    public static TextualInversion read(Path file) {
        try (WeightSource source = WeightFiles.openFile(file)) {
            Map<String, TensorInfo> tensors = source.tensors();
            String fileName = String.valueOf(file.getFileName());
            String stem = fileName.contains(".") ? fileName.substring(0, fileName.lastIndexOf('.')) : fileName;
            if (tensors.containsKey(FIRST) || tensors.containsKey(SECOND)) {
                return of(
                        file,
                        stem,
                        source,
                        tensors.keySet().stream()
                                .filter(key -> key.equals(FIRST) || key.equals(SECOND))
                                .collect(Collectors.toMap(key -> key, key -> key)));
            }
            List<String> pickled = tensors.keySet().stream()
                    .filter(key -> key.startsWith(PICKLED))
                    .toList();
            if (pickled.size() == 1) {
                String named = source.metadata().getOrDefault("name", "");
                return of(file, named.isBlank() ? stem : named, source, Map.of("", pickled.get(0)));
            }
            if (tensors.size() == 1) {
                String key = tensors.keySet().iterator().next();
                boolean nameless = key.equals(NAMELESS) || key.equals("tensor"); // a file that is one tensor alone
                return of(file, nameless ? stem : key, source, Map.of("", key));
            }
            throw Problem.failure(file + " holds no word for a text encoder: one tensor, " + PICKLED + "*, " + FIRST
                    + " or " + SECOND + " was expected, but it has " + tensors.size() + " tensors");
        }
    }

    private static TextualInversion of(Path file, String word, WeightSource source, Map<String, String> keys) {
        if (word.isBlank()) {
            throw Problem.failure(file + " names an empty word for its vectors");
        }
        Map<String, Tensor> vectors = new LinkedHashMap<>();
        try {
            keys.forEach((encoder, key) -> vectors.put(encoder, rows(file, source, key)));
            return new TextualInversion(file, word, vectors);
        } catch (RuntimeException e) {
            vectors.values().forEach(Tensor::close);
            throw e;
        }
    }

    private static Tensor rows(Path file, WeightSource source, String key) {
        List<Long> shape = Objects.requireNonNull(source.tensors().get(key)).shape();
        boolean fits =
                (shape.size() == 1 || shape.size() == 2) && shape.stream().allMatch(size -> size > 0);
        if (!fits) {
            throw Problem.failure(
                    file + ": " + key + " must be a vector or a table of vectors, but has the shape " + shape);
        }
        return TensorScope.ownResult(() -> source.read(key).to(ScalarType.Float).view(-1, shape.get(shape.size() - 1)));
    }

    /**
     * Writes a word for one text encoder: a tensor that is named like it.
     *
     * @param rows {@code float (n, D)}
     * @throws Problem (a failure) where it cannot be written; what was there is whole then
     */
    public static void write(Path file, String word, Tensor rows) {
        Safetensors.write(file, Map.of(word, rows), Map.of("format", "pt"));
    }

    /** The word in prompts. */
    public String word() {
        return word;
    }

    /** The file that it is from. */
    public Path file() {
        return file;
    }

    /** The vectors for a text encoder, {@code float32 (n, D)}, borrowed; {@code null} where the word says nothing to it. */
    @Nullable
    Tensor rows(TextEncoder encoder) {
        Tensor only = vectors.get("");
        if (only != null) {
            return only.size(1) == encoder.config().hiddenSize() ? only : null;
        }
        return vectors.get(encoder.name().endsWith("_2") ? SECOND : FIRST);
    }

    /** How wide its vectors are, for messages. */
    String widths() {
        return vectors.values().stream()
                .map(rows -> String.valueOf(rows.size(1)))
                .collect(Collectors.joining(" and "));
    }

    /** Whether it is for two text encoders. */
    public boolean isForTwo() {
        return vectors.containsKey(SECOND);
    }

    @Override
    public void close() {
        vectors.values().forEach(Tensor::close);
    }
}
