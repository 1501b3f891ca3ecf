// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraFile;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The views of a pipeline's networks through the adapters that prompts asked for; those that were used last are kept for the next call. The networks stay as they
 * are, so that calls with different adapters run at the same time. Thread-safe.
 */
final class PromptAdapters implements AutoCloseable {
    /** A view keeps a few percent of the networks' memory. */
    private static final int KEPT = 8;

    private final OwnedParts owned;
    private final Map<Key, Entry> views = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Fit, LoraApplied> fits = new LinkedHashMap<>();

    /** @param owned whose networks stay in memory once a view knows them */
    PromptAdapters(OwnedParts owned) {
        this.owned = owned;
    }

    /** Files that changed are other files. */
    private record Stamp(Path file, long size, long modified) {
        static Stamp of(Path place) {
            Path file = LoraFile.find(place);
            try {
                return new Stamp(
                        file, Files.size(file), Files.getLastModifiedTime(file).toMillis());
            } catch (IOException e) {
                throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
            }
        }
    }

    private record Fit(List<Model> networks, Stamp file) {}

    private record Key(List<Model> networks, List<Stamp> files, List<LoraChoice> choices) {}

    private static final class Entry {
        private final LoraView view;
        private int calls;

        Entry(LoraView view) {
            this.view = view;
        }
    }

    /**
     * Runs {@code body} with the networks seen through the adapters of {@code setup} and these.
     *
     * @throws Problem where one cannot be read or does not fit
     */
    <R> R run(PipelineSetup setup, DiffusionModel model, List<LoraChoice> choices, Supplier<R> body) {
        if (choices.isEmpty()) {
            return body.get();
        }
        Entry entry = begin(setup, model, choices);
        try {
            return entry.view.run(body);
        } finally {
            end(entry);
        }
    }

    private synchronized Entry begin(PipelineSetup setup, DiffusionModel model, List<LoraChoice> choices) {
        List<LoraChoice> all = Stream.concat(setup.adapters().choices().stream(), choices.stream())
                .toList();
        List<Stamp> files = all.stream().map(choice -> Stamp.of(choice.path())).toList();
        Key key = new Key(networks(setup, model), files, all);
        Entry entry = views.get(key);
        if (entry == null) {
            owned.pin(); // the view knows the layers of these very networks
            entry = new Entry(view(setup, model, all));
            views.put(key, entry);
        }
        entry.calls++;
        drop(KEPT);
        return entry;
    }

    private static List<Model> networks(PipelineSetup setup, DiffusionModel model) {
        return Stream.concat(Stream.of(model), setup.parts().networks().values().stream())
                .toList();
    }

    private static LoraView view(PipelineSetup setup, DiffusionModel model, List<LoraChoice> choices) {
        List<LoraView.Use> uses = new ArrayList<>();
        try {
            for (LoraChoice choice : choices) {
                uses.add(new LoraView.Use(LoraAdapter.read(choice.path()), choice.scale(), choice.textScale()));
            }
            return PipelineAdapters.view(model, setup.parts().networks(), uses);
        } finally {
            uses.forEach(use -> use.adapter().close());
        }
    }

    private synchronized void end(Entry entry) {
        entry.calls--;
        drop(KEPT);
    }

    /** Frees those that were not used longest, but none that a call runs with. */
    private void drop(int kept) {
        Iterator<Entry> oldest = views.values().iterator();
        for (int left = views.size(); left > kept && oldest.hasNext(); ) {
            Entry entry = oldest.next();
            if (entry.calls == 0) {
                entry.view.close();
                oldest.remove();
                left--;
            }
        }
    }

    /**
     * How much counts of each file that the prompts of a request ask for, looked at once.
     *
     * @throws Problem where one cannot be read or does not fit
     */
    synchronized List<LoraApplied> applied(PipelineSetup setup, DiffusionModel model, GenerationRequest request) {
        List<LoraApplied> all = new ArrayList<>();
        for (Path place : PromptLoras.of(request).places()) {
            Fit fit = new Fit(networks(setup, model), Stamp.of(place));
            LoraApplied known = fits.get(fit);
            if (known == null) {
                try (LoraView view = view(setup, model, List.of(new LoraChoice(place, 0)))) {
                    known = view.applied().get(0);
                }
                fits.put(fit, known);
            }
            all.add(known);
        }
        return all;
    }

    /** Frees them; no call runs any more. */
    @Override
    public synchronized void close() {
        drop(0);
    }
}
