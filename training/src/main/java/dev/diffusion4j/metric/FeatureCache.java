// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.CacheFolder;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Features on the disk, by what decides them: the pixels, the network's weights, size and resize. */
public final class FeatureCache {
    private static final Logger LOG = LoggerFactory.getLogger(FeatureCache.class);
    private static final String FOLDER = "features";

    private final Path folder;

    /** @param folder made where it is not there */
    public FeatureCache(Path folder) {
        this.folder = folder;
    }

    /** {@code features} in the usual cache. */
    public static FeatureCache usual() {
        return new FeatureCache(CacheFolder.path().resolve(FOLDER));
    }

    /**
     * The features of all pictures, worked out only where they are not kept yet. A cache that cannot be written is no error.
     *
     * @return {@code float32 (N, D)}, owned by the current scope
     */
    public Tensor features(FeatureExtractor extractor, PictureSet pictures) {
        Path file = folder.resolve(key(extractor, pictures) + ".safetensors");
        return TensorScope.keepResult(() -> {
            if (Files.exists(file)) {
                try (Safetensors kept = Safetensors.open(file)) {
                    return kept.read(FeatureFile.TENSOR);
                } catch (Problem | IllegalArgumentException e) {
                    LOG.warn("worked out anew: {}", e.getMessage());
                }
            }
            Tensor features = pictures.map(extractor::features);
            try {
                FeatureFile.write(file, FeatureOrigin.of(extractor, pictures), features);
            } catch (Problem e) {
                LOG.warn("features are not kept: {}", e.getMessage());
            }
            return features;
        });
    }

    private static String key(FeatureExtractor extractor, PictureSet pictures) {
        return Hashes.sha256(String.join(
                " ",
                extractor.name(),
                extractor.weightsHash(),
                Integer.toString(extractor.size()),
                extractor.resize().key(),
                pictures.contentHash()));
    }
}
