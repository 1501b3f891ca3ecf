// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.json.Json;
import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bodies of requests and of answers. */
final class Answers {
    /** The header that names the fields of a request that were of no use. */
    static final String IGNORED = "X-Ignored-Fields";

    private static final int MOST_NAMES = 20;
    private static final long MOST_DRAINED = 64L << 20;
    /** Seconds for a body to come in. */
    private static final double PATIENCE = 20;
    /** Bytes a second of one that is longer. */
    private static final double SLOWEST = 10_000;

    private Answers() {}

    static void json(Context ctx, int status, @Nullable Object value) {
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

    /** @throws Refusal (413) where it is longer than {@code most}, (400) where it is not UTF-8 */
    static String text(Context ctx, int most) {
        return new String(bytes(ctx, most), StandardCharsets.UTF_8);
    }

    /** @throws Refusal (413) where it is longer than {@code most}, (408) where it does not come */
    static byte[] bytes(Context ctx, int most) {
        if (ctx.req().getContentLengthLong() > most) {
            throw tooLong(ctx, most);
        }
        try {
            InputStream in = ctx.req().getInputStream();
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            byte[] some = new byte[1 << 16];
            long begun = System.nanoTime();
            for (int read = in.read(some); read >= 0; read = in.read(some)) {
                body.write(some, 0, read);
                if (body.size() > most) {
                    throw tooLong(ctx, most);
                }
                if ((System.nanoTime() - begun) / 1e9 > PATIENCE + (double) body.size() / SLOWEST) {
                    throw late();
                }
            }
            return body.toByteArray();
        } catch (IOException e) {
            throw late();
        }
    }

    private static Refusal late() {
        return new Refusal(408, "the body of the request did not come in time", "timeout", null);
    }

    /** Reads the rest, within reason: who still sends when the connection is closed never sees the answer. */
    private static void drain(Context ctx) {
        byte[] some = new byte[1 << 16];
        try {
            InputStream in = ctx.req().getInputStream();
            long left = MOST_DRAINED;
            long begun = System.nanoTime();
            for (int read = 0; read >= 0 && left > 0 && System.nanoTime() - begun < PATIENCE * 1e9; left -= read) {
                read = in.read(some);
            }
        } catch (IOException e) {
            // it has gone, or is too slow
        }
    }

    private static Refusal tooLong(Context ctx, int most) {
        ctx.res().setHeader("Connection", "close");
        if (ctx.header("Expect") == null) {
            drain(ctx);
        }
        return new Refusal(413, "a request must have at most " + most + " bytes", "request_too_large", null);
    }
}
