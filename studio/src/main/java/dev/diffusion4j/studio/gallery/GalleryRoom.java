// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.gallery;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.Room;
import dev.diffusion4j.studio.base.StudioContext;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Every picture of the folders: list, stars, bin. */
public final class GalleryRoom implements Room {
    private static final int MOST = 1000;

    private final PictureIndex index;
    private final Bin bin;

    /** Of what is open. */
    public GalleryRoom(StudioContext context) {
        this.index = new PictureIndex(context.folders());
        this.bin = new Bin(context.folders());
    }

    @Override
    public String name() {
        return "gallery";
    }

    @Override
    public void add(RoutesConfig routes) {
        routes.get(API + "gallery/pictures", Calls.json(ctx -> list()));
        routes.post(API + "gallery/star", Calls.json(this::star));
        routes.get(API + "gallery/bin", Calls.json(ctx -> Map.of("pictures", bin.list())));
        routes.post(API + "gallery/bin", Calls.json(this::throwAway));
        routes.post(API + "gallery/restore", Calls.json(this::restore));
    }

    private Map<String, @Nullable Object> list() {
        Set<String> stars = bin.stars();
        PictureIndex.Listing listing = index.list();
        listing.pictures().forEach(picture -> {
            if (stars.contains(String.valueOf(picture.get("place")))) {
                picture.put("star", true);
            }
        });
        Map<String, @Nullable Object> answer = new LinkedHashMap<>();
        answer.put("pictures", listing.pictures());
        answer.put("passed", (long) listing.passed());
        return answer;
    }

    private @Nullable Object star(Context ctx) {
        Map<String, @Nullable Object> body = Calls.body(ctx);
        bin.star(Calls.text(body, "place"), Boolean.TRUE.equals(body.get("on")));
        return null;
    }

    private static List<String> texts(Map<String, @Nullable Object> body, String name) {
        if (!(body.get(name) instanceof List<?> list) || list.size() > MOST) {
            throw Refusal.value(
                    name,
                    "\"" + name + "\" must be a list of at most " + MOST + " texts, but was "
                            + Json.describe(body.get(name)));
        }
        return list.stream().map(String::valueOf).toList();
    }

    private Object throwAway(Context ctx) {
        List<String> names = new ArrayList<>();
        List<Refusal> missing = new ArrayList<>();
        for (String place : texts(Calls.body(ctx), "places")) {
            try {
                names.add(bin.add(place));
            } catch (Refusal e) {
                missing.add(e); // thrown away by another page, which is no reason to keep the others
            }
        }
        if (names.isEmpty() && !missing.isEmpty()) {
            throw missing.get(0);
        }
        return Map.of("names", names, "missing", (long) missing.size());
    }

    private Object restore(Context ctx) {
        return Map.of(
                "places",
                texts(Calls.body(ctx), "names").stream().map(bin::restore).toList());
    }
}
