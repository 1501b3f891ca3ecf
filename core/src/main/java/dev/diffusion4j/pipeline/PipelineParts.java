// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Conditioners;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.text.ClipTokenizer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What stands between people, pictures and a denoiser. Training, previews, measuring and drawing use the same ones. Whoever made
 * them closes them, once nobody uses them any more.
 */
public final class PipelineParts implements AutoCloseable {
    private final Conditioner conditioner;
    private final @Nullable SampleCodec codec;
    private final @Nullable LoadedParts loaded;

    /** @param codec between pictures and samples; {@code null} for pixels in the range of whatever scheduler is used */
    public PipelineParts(Conditioner conditioner, @Nullable SampleCodec codec) {
        this(conditioner, codec, null);
    }

    /** @param loaded what both borrow, or {@code null} */
    PipelineParts(Conditioner conditioner, @Nullable SampleCodec codec, @Nullable LoadedParts loaded) {
        this.conditioner = conditioner;
        this.codec = codec;
        this.loaded = loaded;
    }

    /** Encodes what pictures show; borrowed. */
    public Conditioner conditioner() {
        return conditioner;
    }

    /** Between pictures and samples, borrowed; {@code null} for pixels in the range of whatever scheduler is used. */
    public @Nullable SampleCodec codec() {
        return codec;
    }

    /**
     * What a network of this library needs: a conditioner of its own, and pixels.
     *
     * @param model borrowed; asked now, not kept
     */
    public static PipelineParts of(DiffusionModel model) {
        return new PipelineParts(Conditioners.of(model), null);
    }

    /** Between pictures and the samples of a network; borrowed. */
    public SampleCodec codec(DiffusionModel model, Scheduler scheduler) {
        return codec == null ? PixelCodec.of(model.sampleChannels(), scheduler) : codec;
    }

    /**
     * The networks of both, by the names of their parts in a pipeline's folder; borrowed.
     *
     * @throws IllegalArgumentException where two have one name
     */
    public Map<String, Model> networks() {
        Map<String, Model> all = new LinkedHashMap<>(conditioner.networks());
        if (codec != null) {
            codec.networks()
                    .forEach((name, network) -> Check.that(
                            all.put(name, network) == null,
                            "the conditioner and the codec both have a part named '" + name + "'"));
        }
        return all;
    }

    /** Those of {@link #networks()} that stay in memory; the others are read when they are used, and may be {@linkplain #letGo let go}. Borrowed. */
    public Map<String, Model> staying() {
        if (loaded == null) {
            return networks();
        }
        Map<String, Model> all = new LinkedHashMap<>();
        loaded.networks().forEach((name, lease) -> {
            if (lease.isPinned()) {
                all.put(name, lease.use(network -> network));
            }
        });
        return all;
    }

    /**
     * Frees the memory of networks that nobody uses just now; whoever uses them next reads them again. Those that {@linkplain #staying stay} are not
     * freed. No gradient may be due that goes through one.
     *
     * @param names of their parts
     */
    public void letGo(Collection<String> names) {
        if (loaded != null) {
            loaded.networks().forEach((name, lease) -> {
                if (names.contains(name) && lease.isLoaded()) {
                    lease.drop();
                }
            });
        }
    }

    /** {@link #letGo(Collection)} of all. */
    public void letGo() {
        letGo(loaded == null ? List.of() : loaded.networks().keySet());
    }

    /** Runs {@code body} with {@link #networks()}, all of them in memory. */
    <R> R use(Function<Map<String, Model>, R> body) {
        return loaded == null ? body.apply(networks()) : loaded.hold(() -> body.apply(networks()));
    }

    /** Those networks that are leased, by the names of their parts; borrowed. */
    Map<String, PartLease> leases() {
        return loaded == null ? Map.of() : loaded.networks();
    }

    /** The tokenizers of the conditioner's networks, by the names of their parts. */
    public Map<String, ClipTokenizer> tokenizers() {
        return loaded == null ? Map.of() : loaded.tokenizers();
    }

    /** How much of each adapter's file counts for the networks that were loaded; empty where there are none for adapters. */
    List<LoraApplied> lorasApplied() {
        return loaded == null ? List.of() : loaded.applied();
    }

    /** With another conditioner. */
    public PipelineParts withConditioner(Conditioner value) {
        return new PipelineParts(value, codec, loaded);
    }

    /** With another codec. */
    public PipelineParts withCodec(SampleCodec value) {
        return new PipelineParts(conditioner, value, loaded);
    }

    /** Frees what both own. */
    @Override
    public void close() {
        try {
            conditioner.close();
        } finally {
            if (codec != null) {
                codec.close();
            }
            if (loaded != null) {
                loaded.close();
            }
        }
    }
}
