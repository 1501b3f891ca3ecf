// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.text.ClipTokenizer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** The networks that a pipeline leases beside its denoiser, and its tokenizers, by the names of their parts. */
final class LoadedParts implements AutoCloseable {
    private final PartFiles files;
    private final LoadOptions options;
    private final BiFunction<String, PartFiles.Network, PartLease> leasing;
    private final Map<String, PartLease> networks = new LinkedHashMap<>();
    private final Map<String, ClipTokenizer> tokenizers = new LinkedHashMap<>();

    /** @param options with a precision that is no choice any more */
    LoadedParts(PartFiles files, LoadOptions options, PartStore store) {
        this(files, options, (part, network) -> {
            NetworkLoader loader =
                    new NetworkLoader(network, LoraComponent.ofPart(part).orElse(null), options);
            return loader.lease(store);
        });
    }

    /** @param leasing leases the network of a part; the lease is closed with this */
    LoadedParts(PartFiles files, LoadOptions options, BiFunction<String, PartFiles.Network, PartLease> leasing) {
        this.files = files;
        this.options = options;
        this.leasing = leasing;
    }

    /** Leases a network, with what adapters have for it; closed with this. */
    PartLease network(String part) {
        return lease(part, files.network(part));
    }

    private PartLease lease(String part, PartFiles.Network network) {
        PartLease lease = leasing.apply(part, network);
        networks.put(part, lease);
        return lease;
    }

    /** Leases the autoencoder in {@code place}, in place of the files' own; closed with this. */
    PartLease vae(String part, Path place) {
        return lease(part, OtherVae.files(place, files.config(part), options));
    }

    /** @throws Problem (a failure) where there is none */
    ClipTokenizer tokenizer(String part) {
        ClipTokenizer tokenizer = files.tokenizer(part)
                .orElseThrow(() -> Problem.failure(
                        files.place() + " has no part '" + part + "', which cuts texts into a text encoder's tokens"));
        tokenizers.put(part, tokenizer);
        return tokenizer;
    }

    /** The networks by name; borrowed. */
    Map<String, PartLease> networks() {
        return Collections.unmodifiableMap(networks);
    }

    Map<String, ClipTokenizer> tokenizers() {
        return Collections.unmodifiableMap(tokenizers);
    }

    /** How much of each adapter counts for these networks; empty where there are none for adapters. */
    List<LoraApplied> applied() {
        List<LoraApplied> applied = List.of();
        for (Map.Entry<String, PartLease> each : networks.entrySet()) {
            LoraComponent component = LoraComponent.ofPart(each.getKey()).orElse(null);
            if (component != null) {
                applied = PipelineAdapters.joined(
                        applied, PipelineAdapters.fitted(component, each.getValue(), options.loras()));
            }
        }
        return applied;
    }

    /** Runs {@code body} while all the networks are in memory. */
    <R> R hold(Supplier<R> body) {
        Supplier<R> held = body;
        for (PartLease lease : networks.values()) {
            Supplier<R> inner = held;
            held = () -> lease.use(network -> inner.get());
        }
        return held.get();
    }

    @Override
    public void close() {
        networks.values().forEach(PartLease::close);
    }
}
