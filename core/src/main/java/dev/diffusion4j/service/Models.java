// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The models of a service, by name. Their networks are leased of one store, so that what several have in common is there once, and those that
 * were not used longest go where another needs the room.
 */
final class Models implements AutoCloseable {
    /** Views through adapters that are remembered for each model, since the hash that notes hold of them is of whole files. */
    private static final int MOST_VIEWS = 16;

    private final Map<String, Named> models;
    private final @Nullable PartStore store;

    /** One of them, with views of it through adapters. */
    private static final class Named {
        private final String place;
        private final DiffusionPipeline pipeline;
        private final Map<List<LoraChoice>, DiffusionPipeline> adapted = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<List<LoraChoice>, DiffusionPipeline> eldest) {
                return size() > MOST_VIEWS;
            }
        };

        Named(String place, DiffusionPipeline pipeline) {
            this.place = place;
            this.pipeline = pipeline;
        }

        synchronized DiffusionPipeline through(List<LoraChoice> loras) {
            try {
                return loras.isEmpty() ? pipeline : adapted.computeIfAbsent(loras, pipeline::withLoras);
            } catch (Problem e) {
                throw e.about("loras");
            }
        }
    }

    private Models(Map<String, Named> models, @Nullable PartStore store) {
        this.models = models;
        this.store = store;
    }

    /** Of one that stays its owner's. */
    static Models borrowing(String name, DiffusionPipeline pipeline) {
        return new Models(Map.of(name, new Named(name, pipeline)), null);
    }

    /**
     * Looks at the files of some; no weights are read that need not be.
     *
     * @throws Problem naming what is wrong with one
     */
    static Models open(Map<String, ServiceModel> places, PartStore store) {
        Models models = new Models(new LinkedHashMap<>(), store);
        try {
            places.forEach((name, model) -> models.models.put(
                    name,
                    new Named(
                            model.place().toString(), DiffusionPipeline.load(model.place(), model.loading(), store))));
            return models;
        } catch (Throwable e) {
            models.close();
            throw e;
        }
    }

    /** In the order in which they were given. */
    Set<String> names() {
        return Collections.unmodifiableSet(models.keySet());
    }

    /** @throws Problem (a wrong request) where there is none of that name */
    private Named named(String name) {
        Named model = models.get(name);
        if (model == null) {
            throw Problem.request("there is no {model} '" + name + "': there " + (models.size() == 1 ? "is " : "are ")
                    + String.join(", ", models.keySet()));
        }
        return model;
    }

    /** The name that is meant where a request gives none. */
    String nameOf(@Nullable String asked) {
        return asked == null ? models.keySet().iterator().next() : asked;
    }

    /**
     * To draw with, seen through adapters.
     *
     * @throws Problem (a wrong request) where there is none of that name
     */
    DiffusionPipeline pipeline(String name, List<LoraChoice> loras) {
        return named(name).through(loras);
    }

    /** What notes call it. */
    Path place(String name) {
        return Path.of(named(name).place);
    }

    /** How many bytes the weights of all may take together from now on. */
    void limit(long bytes) {
        if (store != null) {
            store.limit(bytes);
        }
    }

    /** The bytes of the weights that are in memory; 0 where they are somebody else's. */
    long bytes() {
        return store == null ? 0 : store.bytes();
    }

    @Override
    public void close() {
        if (store != null) {
            models.values().forEach(model -> model.pipeline.close());
        }
    }
}
