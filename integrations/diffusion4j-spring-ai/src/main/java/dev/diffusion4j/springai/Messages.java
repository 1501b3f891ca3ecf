// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.InvalidArgument;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.text.PromptSyntax;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.content.Media;
import org.springframework.ai.image.ImageMessage;

/**
 * What the messages of a prompt ask for.
 *
 * @param syntax that knows weights, where a message has another one than 1 and −1
 * @param picture to start from
 * @param mask that came with it
 */
record Messages(
        String prompt,
        @Nullable String negativePrompt,
        PromptSyntax syntax,
        @Nullable Media picture,
        @Nullable Media mask) {
    /** What a media is called that is a mask. */
    static final String MASK = "mask";

    private static final String BASE64 = ";base64,";

    /** @throws IllegalArgumentException where nothing is asked for, or there are several pictures */
    static Messages of(List<ImageMessage> messages, @Nullable String negativePrompt) {
        boolean isWeighted = messages.stream().anyMatch(message -> Math.abs(Math.abs(weight(message)) - 1) > 1e-6);
        List<String> wanted = new ArrayList<>();
        List<String> unwanted = new ArrayList<>();
        List<Media> pictures = new ArrayList<>();
        List<Media> masks = new ArrayList<>();
        for (ImageMessage message : messages) {
            if (!message.getText().isBlank() && weight(message) != 0) {
                (weight(message) < 0 ? unwanted : wanted).add(isWeighted ? weighted(message) : message.getText());
            }
            message.getMedia().forEach(each -> (each.getName().equals(MASK) ? masks : pictures).add(each));
        }
        if (negativePrompt != null) {
            unwanted.add(isWeighted ? escaped(negativePrompt) : negativePrompt);
        }
        Check.that(
                !wanted.isEmpty(),
                "{prompt} is missing: say in a message with a positive weight what the picture shows");
        Check.that(
                pictures.size() <= 1 && masks.size() <= 1,
                "a prompt must have at most one picture and one '" + MASK + "'");
        Check.that(
                masks.isEmpty() || !pictures.isEmpty(),
                "a '" + MASK + "' says what is kept of a picture: give that too");
        return new Messages(
                String.join(", ", wanted),
                unwanted.isEmpty() ? null : String.join(", ", unwanted),
                isWeighted ? PromptSyntax.A1111 : PromptSyntax.PLAIN,
                pictures.isEmpty() ? null : pictures.get(0),
                masks.isEmpty() ? null : masks.get(0));
    }

    private static float weight(ImageMessage message) {
        return message.getWeight() == null ? 1 : message.getWeight();
    }

    private static String weighted(ImageMessage message) {
        return "(" + escaped(message.getText()) + ":" + Math.abs(weight(message)) + ")";
    }

    /** With brackets that are letters. */
    private static String escaped(String text) {
        return text.replaceAll("([\\\\()\\[\\]])", "\\\\$1");
    }

    /**
     * The pixels of a media.
     *
     * @throws IllegalArgumentException where it holds none
     * @throws dev.diffusion4j.base.Problem (a wrong request) where it is too large
     */
    static BufferedImage pixels(Media media, String name, long mostPixels) {
        return SentPicture.read(bytes(media, name), "{" + name + "}", mostPixels);
    }

    private static byte[] bytes(Media media, String name) {
        if (media.getData() instanceof byte[] bytes) {
            return bytes;
        }
        String text = media.getData().toString();
        int data = text.startsWith("data:") ? text.indexOf(BASE64) : -1;
        Check.that(
                data > 0 || !text.matches("[A-Za-z][A-Za-z0-9+.-]*:.*"),
                "{" + name + "} must hold bytes, base64, or a data: URL of it; no other address is followed");
        try {
            return Base64.getMimeDecoder().decode(data > 0 ? text.substring(data + BASE64.length()) : text);
        } catch (IllegalArgumentException e) {
            throw new InvalidArgument("{" + name + "} is no base64", e);
        }
    }
}
