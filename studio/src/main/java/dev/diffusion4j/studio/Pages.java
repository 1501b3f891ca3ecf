// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.serve.Refusal;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The pages' files, which are in the jar. A browser that has one asks whether it is still the same. */
final class Pages {
    private static final String ROOT = "/studio/";
    private static final List<String> SHELVES = List.of("css", "js", "rooms", "art");
    private static final Pattern NAME = Pattern.compile("([\\w-]+/)*[\\w.-]+\\.(html|js|css|svg|png|webp|jpg)");
    private static final String CHARTS = "/META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.js";

    private static final Map<String, String> TYPES = Map.of(
            "html",
            "text/html; charset=utf-8",
            "js",
            "text/javascript; charset=utf-8",
            "css",
            "text/css; charset=utf-8",
            "svg",
            "image/svg+xml",
            "png",
            "image/png",
            "webp",
            "image/webp",
            "jpg",
            "image/jpeg");

    private final Map<String, File> files = new ConcurrentHashMap<>();

    /** @param tag of what it holds */
    private record File(byte[] bytes, String tag) {}

    void add(RoutesConfig routes) {
        SHELVES.forEach(
                shelf -> routes.get("/" + shelf + "/<file>", ctx -> answer(ctx, shelf + "/" + ctx.pathParam("file"))));
        routes.get("/lib/chart.js", ctx -> send(ctx, file(CHARTS), "js"));
        routes.get("/favicon.ico", ctx -> answer(ctx, "art/icon.svg"));
    }

    /** @throws Refusal (404) where there is no such file */
    void answer(Context ctx, String name) {
        if (!NAME.matcher(name).matches()) {
            throw Refusal.missing("there is no such page");
        }
        send(ctx, file(ROOT + name), name.substring(name.lastIndexOf('.') + 1));
    }

    private static void send(Context ctx, File file, String kind) {
        ctx.header("ETag", file.tag).header("Cache-Control", "no-cache");
        String known = ctx.header("If-None-Match");
        if (file.tag.equals(known) && ctx.statusCode() == 200) {
            ctx.status(304);
            return;
        }
        ctx.contentType(TYPES.getOrDefault(kind, "application/octet-stream")).result(file.bytes);
    }

    private File file(String resource) {
        File known = files.get(resource);
        if (known != null) {
            return known;
        }
        File read = read(resource);
        if (read == null) {
            throw Refusal.missing("there is no such page");
        }
        files.put(resource, read);
        return read;
    }

    private static @Nullable File read(String resource) {
        try (InputStream in = Pages.class.getResourceAsStream(resource)) {
            if (in == null) {
                return null;
            }
            byte[] bytes = in.readAllBytes();
            return new File(
                    bytes,
                    '"' + Hashes.hex(Hashes.digest("SHA-256").digest(bytes)).substring(0, 20) + '"');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
