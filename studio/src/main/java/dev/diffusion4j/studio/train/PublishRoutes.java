// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubPublisher;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.recipe.publish.PublicFolder;
import dev.diffusion4j.recipe.publish.Publication;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.Folders;
import io.javalin.config.RoutesConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code diffuse hub push} does: shows what would go to the Hub, and sends it. */
final class PublishRoutes {
    private final String path;
    private final Folders folders;

    PublishRoutes(String path, Folders folders) {
        this.path = path;
        this.folders = folders;
    }

    void add(RoutesConfig routes) {
        routes.get(
                path + "/hub", Calls.json(ctx -> Map.of("has_token", settings().token() != null)));
        routes.post(path + "/publish", Calls.json(ctx -> publish(Calls.body(ctx))));
        routes.post(path + "/folder", Calls.json(ctx -> folder(Calls.body(ctx))));
    }

    private static HubSettings settings() {
        return HubSettings.fromEnvironment();
    }

    private Map<String, @Nullable Object> publish(Map<String, @Nullable Object> body) {
        Path run = folders.resolve(Calls.text(body, "run"));
        String id = Calls.text(body, "repo");
        HubRepo repo = HubRepo.parse(HubRepo.Type.MODEL, id)
                .orElseThrow(() -> Refusal.value("repo", "{repo} must be organisation/name, but was '" + id + "'"));
        String licence = body.get("license") instanceof String text && !text.isBlank() ? text : null;
        Publication publication = Publication.of(run, repo, settings(), HubProgress.SILENT, false, licence, null);
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("changes", changes(publication.plan()));
        map.put("is_new", publication.plan().parent() == null);
        map.put("names_licence", publication.namesLicence());
        if (Boolean.TRUE.equals(body.get("send"))) {
            if (settings().token() == null) {
                throw Problem.failure("nobody is logged in on the Hub: call diffuse hub login in a terminal");
            }
            map.put(
                    "url",
                    publication
                            .send("Upload with diffusion4j", Boolean.TRUE.equals(body.get("private")), false)
                            .url());
        }
        return map;
    }

    private Map<String, @Nullable Object> folder(Map<String, @Nullable Object> body) {
        Path run = folders.resolve(Calls.text(body, "run"));
        Path target = folders.fresh(Calls.text(body, "folder"));
        long files = PublicFolder.write(run, target);
        return Map.of("place", folders.place(target).orElseThrow(), "files", files);
    }

    private static List<Object> changes(HubPublisher.Plan plan) {
        List<Object> all = new ArrayList<>();
        plan.changes()
                .forEach((file, change) ->
                        all.add(List.of(file, String.valueOf(change).toLowerCase(java.util.Locale.ROOT))));
        return all;
    }
}
