// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.serve.Refusal;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The pictures of the folders, whole or small. What is no picture by its first bytes is not given, whatever its name says. */
public final class FileRoutes {
    /** What follows is a place; {@code ?thumb=N} asks for one that fits into a square of N pixels. */
    public static final String PATH = Room.API + "files/";

    private static final int SMALLEST = 32;
    private static final int LARGEST = 1024;
    private static final long MOST_BYTES = 256L << 20;

    private final Folders folders;
    private final Thumbnails thumbnails = new Thumbnails();

    /** Of these folders. */
    public FileRoutes(Folders folders) {
        this.folders = folders;
    }

    /** Adds the route. */
    public void add(RoutesConfig routes) {
        routes.get(PATH + "<place>", this::file);
    }

    private void file(Context ctx) throws IOException {
        Path file = folders.resolve(ctx.pathParam("place"));
        String type = type(file);
        if (type == null) {
            throw Refusal.missing("there is no picture at this place");
        }
        String state = Files.getLastModifiedTime(file).toMillis() + "-" + Files.size(file);
        String asked = ctx.queryParam("thumb");
        int side = asked == null ? 0 : side(asked);
        String tag = '"' + state + "-" + side + '"';
        ctx.header("ETag", tag).header("Cache-Control", "private, no-cache");
        if (tag.equals(ctx.header("If-None-Match"))) {
            ctx.status(304);
            return;
        }
        byte[] small = side == 0 ? null : thumbnails.of(file, state, side);
        ctx.contentType(small == null ? type : "image/jpeg").result(small == null ? Files.readAllBytes(file) : small);
    }

    private static int side(String asked) {
        if (!asked.matches("\\d{1,4}")) {
            throw Refusal.value("thumb", "\"thumb\" must be a number of pixels, but was '" + asked + "'");
        }
        return Math.min(LARGEST, Math.max(SMALLEST, Integer.parseInt(asked)));
    }

    /** Of its first bytes; {@code null} where it is no picture, or one of an unreasonable length. */
    public static @Nullable String type(Path file) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) > MOST_BYTES) {
            return null;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return type(in.readNBytes(12));
        }
    }

    /** PNG, JPEG or WebP; {@code null} for all else. */
    public static @Nullable String type(byte[] head) {
        if (begins(head, 0, 0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a)) {
            return "image/png";
        }
        if (begins(head, 0, 0xff, 0xd8, 0xff)) {
            return "image/jpeg";
        }
        return begins(head, 0, 'R', 'I', 'F', 'F') && begins(head, 8, 'W', 'E', 'B', 'P') ? "image/webp" : null;
    }

    private static boolean begins(byte[] head, int at, int... with) {
        if (head.length < at + with.length) {
            return false;
        }
        for (int i = 0; i < with.length; i++) {
            if ((head[at + i] & 0xff) != with[i]) {
                return false;
            }
        }
        return true;
    }
}
