// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.patched;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.unet2d.UNet2DConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The config of a {@link PatchedUnet}. In {@code config.json} the keys of both parts stand side by side.
 *
 * @param patchSize side of a patch in pixels
 * @param unet size, channels and classes of the pictures, and the widths and blocks of the inner network
 */
public record PatchedUnetConfig(int patchSize, UNet2DConfig unet) {
    /** Patches of 2×2 pixels. */
    public static final PatchedUnetConfig DEFAULT = new PatchedUnetConfig(2, UNet2DConfig.DEFAULT);

    private static final String PATCH_SIZE = "patch_size";

    public PatchedUnetConfig {
        Check.inRange(patchSize, 1, 64, PATCH_SIZE);
        Check.that(
                unet.classEmbedType() == null,
                "class_embed_type must be null, but was '" + unet.classEmbedType()
                        + "': a PatchedUnet knows its classes by a table of num_class_embeds rows");
        SampleSize size = unet.sampleSize();
        Check.that(
                size == null || size.height() % patchSize == 0 && size.width() % patchSize == 0,
                "sample_size must be a multiple of patch_size (" + patchSize + "), but was "
                        + (size == null ? "" : size.text()));
    }

    /** @throws IllegalArgumentException on an unknown key or a value that is not allowed */
    static PatchedUnetConfig of(Map<String, @Nullable Object> settings) {
        Map<String, @Nullable Object> rest = new LinkedHashMap<>(settings);
        Map<String, @Nullable Object> own = new LinkedHashMap<>();
        if (rest.containsKey(PATCH_SIZE)) {
            own.put(PATCH_SIZE, rest.remove(PATCH_SIZE));
        }
        int patchSize = Records.bind(DEFAULT, own, "PatchedUnet config").patchSize();
        return new PatchedUnetConfig(patchSize, Records.bind(UNet2DConfig.DEFAULT, rest, "PatchedUnet config"));
    }

    Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> all = Records.toMap(unet);
        all.put(PATCH_SIZE, (long) patchSize);
        return all;
    }

    /** Of the network that sees a patch as a pixel of many channels; its last class is no class. */
    UNet2DConfig inner() {
        int area = patchSize * patchSize;
        Map<String, @Nullable Object> changed = new LinkedHashMap<>();
        SampleSize size = unet.sampleSize();
        if (size != null) {
            changed.put("sample_size", new SampleSize(size.height() / patchSize, size.width() / patchSize));
        }
        changed.put("in_channels", unet.inChannels() * area);
        changed.put("out_channels", unet.outChannels() * area);
        if (unet.numClassEmbeds() != null) {
            changed.put("num_class_embeds", unet.numClassEmbeds() + 1);
        }
        return Records.with(unet, changed);
    }
}
