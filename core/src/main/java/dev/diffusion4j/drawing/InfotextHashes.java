// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.text.LoraTag;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What model sites know files by.
 *
 * @param name of the model
 * @param model the first ten digits of the SHA-256 of a model of one file; {@code null} for a folder
 * @param loras by name, the first twelve digits of what stands behind the header
 */
record InfotextHashes(String name, @Nullable String model, Map<String, String> loras) {
    private static final int MODEL_DIGITS = 10;
    private static final int LORA_DIGITS = 12;
    private static final int OLD_DIGITS = 8;
    private static final int OLD_START = 0x100000;
    private static final int OLD_LENGTH = 0x10000;

    InfotextHashes {
        loras = new LinkedHashMap<>(loras);
    }

    /**
     * Reads the files, once in a job. What cannot be read has no hash.
     *
     * @param given where the model is, as it was given
     * @param model where it is read from
     */
    static InfotextHashes of(Path given, Path model, DiffusionPipeline pipeline, GenerationRequest request) {
        Map<String, String> loras = new LinkedHashMap<>();
        for (LoraChoice lora : pipeline.loras()) {
            put(InfotextNames.ofLora(lora.path()), lora.path(), loras);
        }
        String folder = request.subject().loraDir();
        if (folder != null) {
            putAsked(request, Path.of(folder), loras);
        }
        return new InfotextHashes(InfotextNames.of(given), model(model, pipeline), loras);
    }

    /** Of those that prompts ask for. */
    private static void putAsked(GenerationRequest request, Path folder, Map<String, String> loras) {
        Set<String> names = IntStream.range(0, request.count())
                .mapToObj(request.subject()::loras)
                .flatMap(List::stream)
                .map(LoraTag::name)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        try {
            LoraShelf shelf = LoraShelf.of(folder);
            names.forEach(name -> put(name, shelf.find(name), loras));
        } catch (Problem e) {
            return; // they were there when the pictures were drawn
        }
    }

    private static void put(String name, Path place, Map<String, String> loras) {
        String hash = lora(place);
        if (hash != null) {
            loras.put(name, hash);
        }
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

    /** Of an adapter; {@code null} where it cannot be read. */
    static @Nullable String lora(Path place) {
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
}
