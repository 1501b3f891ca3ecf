// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.text.ClipTokenizer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The networks and tokenizers that were read from a folder for a pipeline, by the names of their parts; it owns them. */
final class LoadedParts implements AutoCloseable {
    private final PartFiles files;
    private final LoadOptions options;
    private final Map<String, Model> networks = new LinkedHashMap<>();
    private final Map<String, ClipTokenizer> tokenizers = new LinkedHashMap<>();
    private List<LoraApplied> applied = List.of();

    /** @param options with a precision that is no choice any more */
    LoadedParts(PartFiles files, LoadOptions options) {
        this.files = files;
        this.options = options;
    }

    /** Reads a network, with what adapters have for it, ready to be used without gradients of its weights; borrowed. */
    Model network(String part) {
        Model network = files.network(part);
        networks.put(part, network);
        LoraComponent.ofPart(part)
                .ifPresent(component -> applied =
                        PipelineAdapters.joined(applied, PipelineAdapters.merge(component, network, options.loras())));
        NetworkLoader.makeReady(network, Devices.parse(options.device()));
        return network;
    }

    /** The autoencoder in {@code place}, in place of the files' own, ready to be used; borrowed. */
    Model vae(String part, Path place) {
        Model network = OtherVae.read(place, files.config(part), options);
        networks.put(part, network);
        NetworkLoader.makeReady(network, Devices.parse(options.device()));
        return network;
    }

    /** @throws Problem (a failure) where there is none */
    ClipTokenizer tokenizer(String part) {
        ClipTokenizer tokenizer = files.tokenizer(part)
                .orElseThrow(() -> Problem.failure(
                        files.place() + " has no part '" + part + "', which cuts texts into a text encoder's tokens"));
        tokenizers.put(part, tokenizer);
        return tokenizer;
    }

    /** How much of each adapter's file was added to the weights of these networks; empty where there are none for adapters. */
    List<LoraApplied> applied() {
        return applied;
    }

    Map<String, ClipTokenizer> tokenizers() {
        return Collections.unmodifiableMap(tokenizers);
    }

    @Override
    public void close() {
        for (Model network : networks.values()) {
            network.close();
        }
    }
}
