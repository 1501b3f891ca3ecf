// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.json.Json;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bodies of requests and of answers, for routes of this module and of others. */
public final class Answers {
    /** The header that names the fields of a request that were of no use. */
    static final String IGNORED = "X-Ignored-Fields";

    private static final int MOST_NAMES = 20;

    private Answers() {}

    /** Answers with JSON. */
    public static void json(Context ctx, int status, @Nullable Object value) {
        ctx.status(status).contentType("application/json").result(Json.compact(value));
    }

    /** Names what was ignored, as far as a header can. */
    static void ignored(Context ctx, List<String> names) {
        String list = String.join(
                ", ",
                names.stream()
                        .filter(name -> name.matches("[\\w.\\[\\]-]{1,64}"))
                        .limit(MOST_NAMES)
                        .toList());
        if (!list.isEmpty()) {
            ctx.header(IGNORED, list);
        }
    }

    /** What was sent, as UTF-8; it is not held any longer. */
    public static String text(Context ctx) {
        return new String(bytes(ctx), StandardCharsets.UTF_8);
    }

    /** What was sent; it is not held any longer. */
    public static byte[] bytes(Context ctx) {
        return Door.body(ctx.req()).take();
    }

    /** Nothing holds what was sent any more, though the answer may be long in coming. */
    static void letGo(Context ctx) {
        Door.body(ctx.req()).close();
    }
}
