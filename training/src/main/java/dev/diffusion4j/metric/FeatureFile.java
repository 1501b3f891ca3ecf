// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Features in a file, with what they are of: a safetensors file with the tensor {@code features}, as {@link FeatureCache} keeps them.
 *
 * @param origin of them
 * @param features {@code float32 (N, D)}; owned: {@link #close} frees it
 */
public record FeatureFile(FeatureOrigin origin, Tensor features) implements AutoCloseable {
    static final String TENSOR = "features";
    private static final String ORIGIN = "origin";

    /**
     * Writes them whole or not at all.
     *
     * @throws Problem (a failure) where the file cannot be written
     */
    public static void write(Path file, FeatureOrigin origin, Tensor features) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("pictures", origin.pictures());
        metadata.put(ORIGIN, Json.compact(Records.toMap(origin)));
        Safetensors.write(file, Map.of(TENSOR, features), metadata);
    }

    /**
     * Reads them; the caller closes them.
     *
     * @throws Problem (a failure) where there is no such file, or it does not say of what its features are
     */
    public static FeatureFile read(Path file) {
        return TensorScope.compute(() -> {
            try (Safetensors kept = Safetensors.open(file)) {
                String origin = kept.metadata().get(ORIGIN);
                if (origin == null || !kept.tensors().containsKey(TENSOR)) {
                    throw Problem.failure(
                            file + " is no file of features: it lacks the tensor '" + TENSOR + "', or what it is of");
                }
                FeatureOrigin of = Records.bindKnown(
                                FeatureOrigin.EMPTY, Json.parseObject(origin, file.toString()), file.toString())
                        .value();
                Tensor features = kept.read(TENSOR);
                if (features.dim() != 2 || features.size(0) != of.count()) {
                    throw Problem.failure(
                            file + " says that it has features of " + of.count() + " pictures, but has other ones");
                }
                return new FeatureFile(of, TensorScope.own(features));
            } catch (IllegalArgumentException e) {
                throw Problem.failure(Worded.marked(e), e);
            }
        });
    }

    @Override
    public void close() {
        features.close();
    }
}
