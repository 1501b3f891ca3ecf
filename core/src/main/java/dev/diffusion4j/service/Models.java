// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
    /** Those that no request finds any more, until all is closed: jobs may draw with them. */
    private final List<Named> retired = new ArrayList<>();

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
        this.models = new LinkedHashMap<>(models);
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
        Models models = new Models(Map.of(), store);
        try {
            places.forEach(models::add);
            return models;
        } catch (Throwable e) {
            models.close();
            throw e;
        }
    }

    /**
     * Looks at the files of one more; nothing where there is one of this name.
     *
     * @throws Problem naming what is wrong with it
     */
    void add(String name, ServiceModel model) {
        if (store == null) {
            throw new IllegalStateException("a service of a borrowed pipeline takes no further models");
        }
        synchronized (models) {
            if (models.containsKey(name)) {
                return;
            }
        }
        DiffusionPipeline pipeline = DiffusionPipeline.load(model.place(), model.loading(), store);
        synchronized (models) {
            models.put(name, new Named(model.place().toString(), pipeline));
        }
    }

    /** No request finds it any more. */
    void remove(String name) {
        synchronized (models) {
            Named gone = models.remove(name);
            if (gone != null) {
                retired.add(gone);
            }
        }
    }

    /** In the order in which they were given. */
    Set<String> names() {
        synchronized (models) {
            return Collections.unmodifiableSet(new LinkedHashSet<>(models.keySet()));
        }
    }

    /** @throws Problem (a wrong request) where there is none of that name */
    private Named named(String name) {
        Named model;
        synchronized (models) {
            model = models.get(name);
        }
        if (model == null) {
            throw Problem.request("there is no {model} '" + name + "': " + there());
        }
        return model;
    }

    private String there() {
        Set<String> names = names();
        return names.isEmpty()
                ? "there is none yet"
                : "there " + (names.size() == 1 ? "is " : "are ") + String.join(", ", names);
    }

    /**
     * The name that is meant where a request gives none.
     *
     * @throws Problem (a wrong request) where there are no models
     */
    String nameOf(@Nullable String asked) {
        if (asked != null) {
            return asked;
        }
        return names().stream().findFirst().orElseThrow(() -> Problem.request("there is no {model} yet"));
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
            synchronized (models) {
                models.values().forEach(model -> model.pipeline.close());
                retired.forEach(model -> model.pipeline.close());
            }
        }
    }
}
