// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraFile;
import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.adapter.LoraSize;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The views of a pipeline's networks through the adapters that prompts asked for; those that were used last are kept for the next call. The networks stay as they
 * are, so that calls with different adapters run at the same time. Thread-safe.
 */
final class PromptAdapters implements AutoCloseable {
    /** A usual adapter of XL takes a few hundred million bytes. */
    private static final long KEPT_BYTES = 1_000_000_000;

    private final OwnedParts owned;
    private final KeptViews<Key> views = new KeptViews<>(KEPT_BYTES);
    private final Map<Fit, LoraApplied> fits = new ConcurrentHashMap<>();
    private final Map<Stamp, LoraSize> sizes = new ConcurrentHashMap<>();

    /** @param owned whose networks stay in memory once a view knows them, where they stay after a call at all */
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

    /**
     * Runs {@code body} with the networks seen through the adapters of {@code setup} and these.
     *
     * @param model the denoiser, in memory as all others until the call ends
     * @throws Problem where one cannot be read or does not fit
     */
    <R> R run(PipelineSetup setup, DiffusionModel model, List<LoraChoice> choices, Supplier<R> body) {
        if (choices.isEmpty()) {
            return body.get();
        }
        List<LoraChoice> all = Stream.concat(setup.adapters().choices().stream(), choices.stream())
                .toList();
        List<Stamp> files =
                about(() -> all.stream().map(choice -> Stamp.of(choice.path())).toList());
        Map<String, Model> others = setup.parts().networks();
        return views.run(
                new Key(networks(model, others), files, all), () -> about(() -> made(model, others, all)), body);
    }

    private LoraView made(DiffusionModel model, Map<String, Model> others, List<LoraChoice> choices) {
        LoraView view = view(model, others, choices);
        if (owned.keeping() == KeepNetworks.ALWAYS) {
            owned.pin(); // the view knows the layers of these very networks
        }
        return view;
    }

    private static List<Model> networks(DiffusionModel model, Map<String, Model> others) {
        return Stream.concat(Stream.of(model), others.values().stream()).toList();
    }

    private static LoraView view(DiffusionModel model, Map<String, Model> others, List<LoraChoice> choices) {
        List<LoraView.Use> uses = new ArrayList<>();
        try {
            for (LoraChoice choice : choices) {
                uses.add(new LoraView.Use(LoraAdapter.read(choice.path()), choice.scale(), choice.textScale()));
            }
            return PipelineAdapters.view(model, others, uses);
        } finally {
            uses.forEach(use -> use.adapter().close());
        }
    }

    /**
     * How much counts of each file of the call's adapters, then of those that the prompts of a request ask for, looked at once. No network is
     * loaded for it.
     *
     * @param outline the denoiser, of which only shapes are asked
     * @throws Problem where one cannot be read or does not fit
     */
    List<LoraApplied> applied(PipelineSetup setup, DiffusionModel outline, GenerationRequest request) {
        List<Path> places = Stream.concat(
                        setup.loras().stream().map(LoraChoice::path), PromptLoras.of(request).places().stream())
                .toList();
        return places.isEmpty()
                ? List.of()
                : PipelineAdapters.ask(setup.conditioner().lent(), others -> places.stream()
                        .map(place -> applied(outline, others, place))
                        .toList());
    }

    /**
     * What the adapters of a call take of memory, all that its prompts ask for together. One that cannot be read counts for nothing here: {@link
     * #applied} says why.
     */
    LoraSize size(PipelineSetup setup, GenerationRequest request) {
        Set<Path> places = new LinkedHashSet<>(PromptLoras.of(request).places());
        setup.loras().forEach(choice -> places.add(choice.path()));
        if (!places.isEmpty()) { // the call's view does again what those do
            setup.adapters().choices().forEach(choice -> places.add(choice.path()));
        }
        return places.stream().map(this::size).reduce(LoraSize.NONE, LoraSize::plus);
    }

    private LoraSize size(Path place) {
        try {
            return sizes.computeIfAbsent(Stamp.of(place), stamp -> LoraSize.of(stamp.file));
        } catch (Problem e) {
            return LoraSize.NONE;
        }
    }

    /** As {@link #about}, and which it is. */
    private LoraApplied applied(DiffusionModel outline, Map<String, Model> others, Path place) {
        try {
            return fits.computeIfAbsent(
                    new Fit(networks(outline, others), Stamp.of(place)), key -> fit(outline, others, place));
        } catch (Problem e) {
            throw e.about("loras", LoraShelf.nameOf(place));
        }
    }

    /** Whoever catches a problem with one is to know that it is one. */
    private static <R> R about(Supplier<R> adapters) {
        try {
            return adapters.get();
        } catch (Problem e) {
            throw e.about("loras");
        }
    }

    private static LoraApplied fit(DiffusionModel outline, Map<String, Model> others, Path place) {
        try (LoraView view = view(outline, others, List.of(new LoraChoice(place, 0)))) {
            return view.applied().get(0);
        }
    }

    /** Frees the views that no call runs with, since their networks go. */
    void freeUnused() {
        views.freeUnused();
    }

    /** Frees them; no call runs any more. */
    @Override
    public void close() {
        views.close();
    }
}
