// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What model sites know files by.
 *
 * @param model the first ten digits of the SHA-256 of a model of one file; {@code null} for a folder
 * @param loras by name, the first twelve digits of what stands behind the header
 */
record InfotextHashes(@Nullable String model, Map<String, String> loras) {
    private static final int MODEL_DIGITS = 10;
    private static final int LORA_DIGITS = 12;
    private static final int OLD_DIGITS = 8;
    private static final int OLD_START = 0x100000;
    private static final int OLD_LENGTH = 0x10000;

    InfotextHashes {
        loras = new LinkedHashMap<>(loras);
    }

    /** Reads the files, once in a job. What cannot be read has no hash. */
    static InfotextHashes of(Path model, DiffusionPipeline pipeline) {
        Map<String, String> loras = new LinkedHashMap<>();
        for (LoraChoice lora : pipeline.loras()) {
            String hash = lora(lora.path());
            if (hash != null) {
                loras.put(name(lora.path()), hash);
            }
        }
        return new InfotextHashes(model(model, pipeline), loras);
    }

    /** Of a model of one file; {@code null} for a folder. */
    static @Nullable String model(Path model, DiffusionPipeline pipeline) {
        if (!Files.isRegularFile(model)) {
            return null;
        }
        try {
            String whole = pipeline.loras().isEmpty() ? pipeline.modelHash() : Hashes.sha256(model);
            return whole.length() < MODEL_DIGITS ? null : whole.substring(0, MODEL_DIGITS);
        } catch (IOException e) {
            return null;
        }
    }

    /** What the webui called a model before it read whole files: a hash of 64 kB of it. */
    static @Nullable String oldModel(Path model) {
        try (InputStream in = Files.newInputStream(model)) {
            in.skipNBytes(Math.min(OLD_START, Files.size(model)));
            MessageDigest digest = Hashes.digest("SHA-256");
            return Hashes.hex(digest.digest(in.readNBytes(OLD_LENGTH))).substring(0, OLD_DIGITS);
        } catch (IOException e) {
            return null;
        }
    }

    private static @Nullable String lora(Path place) {
        try {
            Path file = LoraPlace.file(place, HubProgress.SILENT);
            if (!file.toString().endsWith(".safetensors")) {
                return Hashes.sha256(file).substring(0, LORA_DIGITS);
            }
            String noted;
            try (Safetensors weights = Safetensors.open(file)) {
                noted = weights.metadata().get("sshs_model_hash");
            }
            String hash = noted == null || noted.length() < LORA_DIGITS ? behindHeader(file) : noted;
            return hash.substring(0, LORA_DIGITS);
        } catch (IOException e) {
            return null;
        }
    }

    private static String behindHeader(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            long header = ByteBuffer.wrap(in.readNBytes(Long.BYTES))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();
            in.skipNBytes(header);
            MessageDigest digest = Hashes.digest("SHA-256");
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return Hashes.hex(digest.digest());
        }
    }

    /** A file's or folder's name without what says its form. */
    static String name(Path place) {
        String name = String.valueOf(place.toAbsolutePath().normalize().getFileName());
        for (String end : List.of(".safetensors", ".ckpt", ".pt", ".pth", ".bin")) {
            if (name.endsWith(end)) {
                return name.substring(0, name.length() - end.length());
            }
        }
        return name;
    }
}
