// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.image.ExifComment;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.text.LoraTag;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An adapter that a picture was drawn with, by what its notes say of it wherever the file is now.
 *
 * @param name of its file or folder, as {@code <lora:NAME:1>} has it
 * @param scale how strongly it counted in the denoiser
 * @param textScale how strongly it counted in the text encoders
 * @param hash the first digits of its weights' SHA-256, by which A1111's webui knows it; {@code null} where it was not noted
 */
public record NotedLora(String name, double scale, double textScale, @Nullable String hash) {
    private static final String HASHES = "Lora hashes";
    private static final int FEWEST_DIGITS = 8;

    /**
     * Those in the weights first, then those that the prompt asked for.
     *
     * @param picture of this library, of A1111's webui, or any other, which has none
     * @throws dev.diffusion4j.base.Problem where the file cannot be read
     */
    public static List<NotedLora> of(Path picture) {
        Infotext text = Infotext.parse(text(picture).orElse(""));
        Map<String, String> hashes = hashes(text);
        if (!GenerationNote.isIn(picture)) {
            return ofPrompt(String.join("", new InfotextLoras(text, List.of(), null).missing()), hashes)
                    .toList();
        }
        GenerationNote note = GenerationNote.read(picture).note();
        Stream<NotedLora> added = note.loras().stream().map(LoraChoice::parse).map(lora -> {
            String name = InfotextNames.ofLora(lora.path());
            return new NotedLora(name, lora.scale(), lora.textScale(), hashes.get(name));
        });
        return Stream.concat(added, asked(note.request(), note.index(), hashes)).toList();
    }

    private static Optional<String> text(Path picture) {
        return PngFile.isOne(picture)
                ? Optional.ofNullable(PngFile.readNotes(picture).get(Infotext.NOTE))
                : ExifComment.read(picture);
    }

    private static Stream<NotedLora> asked(GenerationRequest request, int index, Map<String, String> hashes) {
        return request.subject().loras(index).stream().map(tag -> of(tag, hashes));
    }

    private static Stream<NotedLora> ofPrompt(String tags, Map<String, String> hashes) {
        return PromptSyntax.A1111.parse(tags, "prompt").loras().stream().map(tag -> of(tag, hashes));
    }

    private static NotedLora of(LoraTag tag, Map<String, String> hashes) {
        String last = tag.name().substring(tag.name().lastIndexOf('/') + 1);
        return new NotedLora(last, tag.unetScale(), tag.textScale(), hashes.getOrDefault(tag.name(), hashes.get(last)));
    }

    /** {@code name: digits, other: digits}. */
    private static Map<String, String> hashes(Infotext text) {
        Map<String, String> hashes = new LinkedHashMap<>();
        String all = text.get(HASHES);
        for (String pair : all == null ? new String[0] : all.split(",")) {
            int colon = pair.lastIndexOf(':');
            String digits = pair.substring(colon + 1).strip().toLowerCase(Locale.ROOT);
            if (colon > 0 && digits.length() >= FEWEST_DIGITS) {
                hashes.put(pair.substring(0, colon).strip(), digits);
            }
        }
        return hashes;
    }

    /** A prompt without the tags that ask for adapters, for whoever adds them to the weights. */
    public static String without(String prompt) {
        return InfotextLoras.TAG.matcher(prompt).replaceAll("");
    }

    /** What the webui would note of an adapter, to be compared with {@link #hash()}; empty where its file cannot be read. */
    public static Optional<String> hashOf(Path adapter) {
        return Optional.ofNullable(InfotextHashes.lora(adapter));
    }

    /** Whether an adapter of this {@link #hashOf hash} is the one: either may have fewer digits. */
    public boolean isOf(String other) {
        return hash != null && (other.startsWith(hash) || hash.startsWith(other));
    }
}
