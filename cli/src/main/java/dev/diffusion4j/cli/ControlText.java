// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.request.Control;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code [PLACE]=IMAGE[,scale=S][,start=A][,end=B]}; without a place it is one of the model's own networks. */
final class ControlText {
    private static final Set<String> KEYS = Set.of("scale", "start", "end");

    private ControlText() {}

    static Control parse(String text) {
        int cut = text.indexOf('=');
        String[] parts = text.substring(Math.max(0, cut + 1)).split(",");
        if (cut < 0 || parts[0].isBlank()) {
            throw wrong(text);
        }
        @Nullable Double scale = null;
        double start = 0;
        double end = 1;
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("=", 2);
            if (pair.length != 2 || !KEYS.contains(pair[0])) {
                throw wrong(text);
            }
            double value = number(pair[1], text);
            switch (pair[0]) {
                case "scale" -> scale = value;
                case "start" -> start = value;
                default -> end = value;
            }
        }
        return new Control(text.substring(0, cut), parts[0], scale, start, end);
    }

    private static double number(String text, String whole) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw wrong(whole);
        }
    }

    private static Problem wrong(String text) {
        return Problem.request(
                "{control} must be PLACE=IMAGE, with ,scale=S ,start=A or ,end=B behind it, but was '" + text + "'");
    }
}
