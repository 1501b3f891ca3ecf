// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.controlnet.ControlNetModel;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Which networks a call has in memory at which time, as {@link KeepNetworks} says: each is loaded where it is first used, and goes where
 * the call has no more use for it. It decides nothing that changes a number.
 *
 * @param owned borrowed
 * @param keeping how long they stay
 */
record CallNetworks(OwnedParts owned, KeepNetworks keeping) {
    /** Pictures whose latents and texts wait together: their texts fit the conditioner's cache, and a network is read that often at most. */
    static final int WAITING = 32;

    CallNetworks(OwnedParts owned) {
        this(owned, owned.keeping());
    }

    /**
     * How long networks stay within a call: all of them until it ends, where it sees them through adapters of its own, which know these very
     * ones.
     */
    static KeepNetworks within(PipelineSetup setup, OwnedParts owned, GenerationRequest request) {
        boolean isSeenThrough = !setup.loras().isEmpty() || PromptLoras.areAskedFor(request);
        return isSeenThrough ? KeepNetworks.ALWAYS : owned.keeping();
    }

    /** Runs a call, which lets networks go as far as it can. */
    void during(PipelineSetup setup, GenerationRequest request, Consumer<CallNetworks> call) {
        CallNetworks own = new CallNetworks(owned, within(setup, owned, request));
        if (own.keeping == keeping) {
            call.accept(own);
            return;
        }
        owned.lend(model -> setup.parts().use(others -> {
            try {
                call.accept(own);
            } finally {
                owned.promptAdapters().freeUnused();
            }
            return true;
        }));
    }

    /** How many pictures form a round, where batches are smaller. */
    int perRound() {
        return keeping == KeepNetworks.ONE ? WAITING : 1;
    }

    /** Runs {@code body} with the networks seen through the call's adapters, then those that prompts ask for. */
    <R> R seen(PipelineSetup setup, List<LoraChoice> ofPrompts, Supplier<R> body) {
        List<LoraChoice> adapters =
                Stream.concat(setup.loras().stream(), ofPrompts.stream()).toList();
        return adapters.isEmpty()
                ? body.get()
                : owned.lend(model ->
                        setup.parts().use(others -> owned.promptAdapters().run(setup, model, adapters, body)));
    }

    /** Before the first round: all texts are encoded, where the cache can hold them. */
    void begin(BranchMaker maker) {
        if (keeping == KeepNetworks.CALL
                && canWait(maker.texts(0, maker.request().count()))) {
            maker.encodeAhead(0, maker.request().count());
            dropTextEncoders();
        }
    }

    /** Whether so many texts can wait, encoded, for their pictures. */
    static boolean canWait(int texts) {
        return texts <= WAITING;
    }

    void beginRound(BranchMaker maker, int first, int end) {
        if (keeping == KeepNetworks.ONE) {
            maker.encodeAhead(first, end);
            dropTextEncoders();
        }
    }

    /** The autoencoder has encoded what is drawn from. */
    void pictureRead() {
        if (keeping == KeepNetworks.ONE) {
            dropTextEncoders(); // a text that the cache had no room for
            dropAutoencoder();
        }
    }

    /** Runs {@code body} with the denoiser, and the control networks that a request asks for, in its order. */
    <R> R denoise(
            PipelineSetup setup, GenerationRequest request, BiFunction<DiffusionModel, List<ControlNetModel>, R> body) {
        return owned.controlNets()
                .use(
                        request.inputs().control(),
                        setup.placement(),
                        controls -> owned.lend(model -> body.apply(model, controls)));
    }

    /** @param isSeen whether something looks at decoded pictures meanwhile, and gradients go back through the autoencoder */
    <R> R holdingCodec(boolean isSeen, Supplier<R> body) {
        PartLease autoencoder = owned.leases().get(ModelRole.AUTOENCODER.component());
        return isSeen && autoencoder != null ? autoencoder.use(network -> body.get()) : body.get();
    }

    void denoised(boolean isLast) {
        if (keeping == KeepNetworks.ONE || keeping == KeepNetworks.CALL && isLast) {
            owned.network().drop();
            owned.controlNets().drop();
        }
    }

    void handedOut() {
        if (keeping == KeepNetworks.ONE) {
            dropAutoencoder();
        }
    }

    /** What was drawn is decoded, after the call has ended. */
    void decoded() {
        if (!keeping.isLasting()) {
            dropAutoencoder();
        }
    }

    /** After the last round, or where one failed. */
    void end() {
        if (!keeping.isLasting()) {
            owned.network().drop();
            owned.controlNets().drop();
            owned.leases().values().forEach(PartLease::drop);
        }
    }

    private void dropTextEncoders() {
        leases(ModelRole.TEXT_ENCODER).forEach(PartLease::drop);
    }

    private void dropAutoencoder() {
        leases(ModelRole.AUTOENCODER).forEach(PartLease::drop);
    }

    private Stream<PartLease> leases(ModelRole role) {
        return owned.leases().values().stream()
                .filter(lease -> lease.ask(model -> model.modelClass().role() == role));
    }
}
