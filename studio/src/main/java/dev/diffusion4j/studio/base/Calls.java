// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.serve.Answers;
import dev.diffusion4j.serve.Refusal;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a route of a room takes what it is asked and answers. */
public final class Calls {
    private Calls() {}

    /** What a route answers. */
    @FunctionalInterface
    public interface Call {
        /**
         * Made of maps, lists, texts, numbers and booleans; {@code null} for nothing.
         *
         * @throws Exception worded as those of the server; a failure says why, since whoever asks owns the machine
         */
        @Nullable
        Object answer(Context ctx) throws Exception;
    }

    /** Answers 200 with JSON, or 204 where there is nothing to say. */
    public static Handler json(Call call) {
        return ctx -> {
            Object answer = answered(call, ctx);
            if (answer == null) {
                ctx.status(204);
            } else {
                Answers.json(ctx, 200, answer);
            }
        };
    }

    private static @Nullable Object answered(Call call, Context ctx) throws Exception {
        try {
            return call.answer(ctx);
        } catch (Problem e) {
            throw e.kind() == Problem.Kind.FAILURE ? failed(e) : wrong(e);
        }
    }

    /** With the field, where it is known whatever the words are. */
    private static RuntimeException wrong(Problem e) {
        String field = e.field().orElse(null);
        return field == null ? e : new Refusal(400, Worded.marked(e), "invalid_value", field);
    }

    private static Refusal failed(Problem e) {
        return new Refusal(
                500, String.valueOf(e.getMessage()), "failed", e.field().orElse(null));
    }

    /** The object that was sent; an empty one where nothing was. */
    public static Map<String, @Nullable Object> body(Context ctx) {
        String text = Answers.text(ctx);
        return text.isBlank() ? Map.of() : Json.parseObject(text, "the request");
    }

    /** @throws Refusal (400) where it is missing or no text */
    public static String text(Map<String, @Nullable Object> body, String name) {
        if (body.get(name) instanceof String text) {
            return text;
        }
        throw Refusal.value(name, "\"" + name + "\" must be a text, but was " + Json.describe(body.get(name)));
    }
}
