// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.data;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.source.CaptionEdit;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.serve.Answers;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.Folders;
import dev.diffusion4j.studio.base.Room;
import dev.diffusion4j.studio.base.StudioContext;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Data sets: their pictures, classes and captions; captions are edited, pictures added, and all of it is checked. */
public final class DataRoom implements Room {
    private static final int LARGEST = 1024;
    private static final int MOST_CAPTION = 10_000;

    private final Folders folders;
    private final DataSets sets;
    private final DataCheck check;

    /** A room of these folders. */
    public DataRoom(StudioContext context) {
        folders = context.folders();
        sets = new DataSets(folders);
        check = new DataCheck(sets);
    }

    @Override
    public String name() {
        return "data";
    }

    @Override
    public void add(RoutesConfig routes) {
        String path = API + name();
        routes.get(path + "/sets", Calls.json(ctx -> Map.of("sets", sets.all())));
        routes.get(path + "/pictures", Calls.json(this::pictures));
        routes.get(path + "/picture", ctx -> send(ctx, sets.use(source(ctx), set -> fitted(ctx, set))));
        routes.get(path + "/prepared", ctx -> send(ctx, sets.use(source(ctx), set -> prepared(ctx, set))));
        routes.get(path + "/check", Calls.json(ctx -> check.of(source(ctx), false)));
        routes.post(path + "/check", Calls.json(ctx -> check.of(source(ctx), true)));
        routes.post(path + "/caption", Calls.json(ctx -> caption(Calls.body(ctx))));
        routes.post(path + "/add", Calls.json(this::added));
    }

    private static String source(Context ctx) {
        String source = ctx.queryParam("source");
        if (source == null) {
            throw Refusal.value("source", "{source} is missing");
        }
        return source;
    }

    private static int number(Context ctx, String name, int otherwise) {
        String text = ctx.queryParam(name);
        if (text == null || text.isEmpty()) {
            return otherwise;
        }
        if (!text.matches("-?\\d{1,9}")) {
            throw Refusal.value(name, "{" + name + "} must be a whole number, but was '" + text + "'");
        }
        return Integer.parseInt(text);
    }

    private static String word(Context ctx, String name, String otherwise) {
        String text = ctx.queryParam(name);
        return text == null ? otherwise : text;
    }

    private Map<String, Object> pictures(Context ctx) {
        DataLook.Wanted wanted = new DataLook.Wanted(
                number(ctx, "label", -1), word(ctx, "words", ""), number(ctx, "offset", 0), number(ctx, "limit", 60));
        boolean isEditable = sets.folder(source(ctx)).isPresent();
        if (wanted.offset() == 0) {
            sets.forget(source(ctx)); // who looks anew sees what is there now
        }
        return sets.use(source(ctx), set -> DataLook.of(set, wanted, isEditable));
    }

    private static byte[] fitted(Context ctx, Dataset set) {
        return DataPictures.fitted(
                set, number(ctx, "index", 0), Math.min(LARGEST, Math.max(16, number(ctx, "side", 160))));
    }

    private static byte[] prepared(Context ctx, Dataset set) {
        int side = number(ctx, "size", 0);
        int channels = number(ctx, "channels", 0);
        if (side < 0 || side > LARGEST) {
            throw Refusal.value("size", "{size} must lie in [0, " + LARGEST + "], but was " + side);
        }
        if (channels != 0 && channels != 1 && channels != 3) {
            throw Refusal.value(
                    "channels", "{channels} must be 1 or 3, or 0 for what the pictures have, but was " + channels);
        }
        return DataPictures.prepared(
                set,
                number(ctx, "index", 0),
                new DataPictures.Prepared(
                        side == 0 ? set.naturalSize() : side,
                        Keyed.fromKey(ResizeMode.class, word(ctx, "resize", ResizeMode.EXACT.key()), "resize"),
                        channels == 0 ? set.channels() : channels,
                        Boolean.parseBoolean(ctx.queryParam("mirrored")),
                        Boolean.parseBoolean(ctx.queryParam("inverted"))));
    }

    private static void send(Context ctx, byte[] png) {
        ctx.header("Cache-Control", "private, max-age=60")
                .contentType("image/png")
                .result(png);
    }

    private Map<String, @Nullable Object> caption(Map<String, @Nullable Object> body) {
        String source = Calls.text(body, "source");
        String name = Calls.text(body, "name");
        String caption = Calls.text(body, "caption");
        if (caption.length() > MOST_CAPTION) {
            throw Refusal.limit(
                    "caption", "{caption} may have " + MOST_CAPTION + " letters, but has " + caption.length());
        }
        Path folder = folder(source);
        boolean isThere = sets.use(source, set -> {
            for (int i = 0; i < set.size(); i++) {
                if (set.name(i).equals(name)) {
                    return true;
                }
            }
            return false;
        });
        if (!isThere) {
            throw Refusal.missing("the data set has no such picture");
        }
        Path written = CaptionEdit.write(folder, name, caption.strip());
        sets.forget(source);
        return Map.of("file", folder.relativize(written).toString());
    }

    private Path folder(String source) {
        return sets.folder(source)
                .orElseThrow(
                        () -> Refusal.value("source", "{source} cannot be changed: it is no folder of picture files"));
    }

    private Map<String, @Nullable Object> added(Context ctx) throws IOException {
        String source = source(ctx);
        Path folder = folder(source);
        String kind = word(ctx, "class", "");
        Path target = folder;
        if (!kind.isEmpty()) {
            target = folders.fresh(folders.place(folder).orElseThrow() + "/" + kind);
            if (Files.exists(target)) {
                target = folders.resolve(folders.place(target).orElseThrow());
            }
        }
        Path file = DataUpload.add(target, word(ctx, "name", "picture"), Answers.bytes(ctx));
        sets.forget(source);
        check.forget(source);
        return Map.of("name", folder.relativize(file).toString().replace('\\', '/'));
    }

    @Override
    public void close() {
        check.close();
        sets.close();
    }
}
