// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.draw;

import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.ModelPlaces;
import dev.diffusion4j.studio.base.Room;
import dev.diffusion4j.studio.base.StudioContext;
import io.javalin.config.RoutesConfig;
import java.util.List;
import java.util.Map;

/** What the page that draws asks for beside the server's jobs. */
public final class DrawRoom implements Room {
    private final ModelPlaces models;

    /** Of what is open. */
    public DrawRoom(StudioContext context) {
        this.models = context.models();
    }

    @Override
    public String name() {
        return "draw";
    }

    @Override
    public void add(RoutesConfig routes) {
        routes.get(API + "draw/models", Calls.json(ctx -> Map.of("models", list())));
    }

    private List<Map<String, Object>> list() {
        return models.all().stream()
                .map(found ->
                        Map.<String, Object>of("name", found.name(), "kind", found.kind(), "changed", found.changed()))
                .toList();
    }
}
