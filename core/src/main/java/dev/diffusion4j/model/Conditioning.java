// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * What a network is given besides the sample and the time: named tensors, batch first. Immutable; the tensors are borrowed from
 * whoever made them, and those that a method here makes belong to the current scope. The names below are the ones that networks of
 * this library read; a network from elsewhere may read others.
 */
public final class Conditioning {
    /** Classes: {@code int64 (B)}, or {@code float32 (B, D)} where the network takes vectors made elsewhere. */
    public static final String CLASS_LABELS = "class_labels";
    /** Tokens of a vocabulary that the network itself embeds: {@code int64 (B, L)}. */
    public static final String TOKENS = "tokens";
    /** What a network attends to: {@code float (B, L, D)}. */
    public static final String ENCODER_HIDDEN_STATES = "encoder_hidden_states";
    /** 1 where a place of {@link #ENCODER_HIDDEN_STATES} counts, 0 where it is padding: {@code float (B, L)}. */
    public static final String ENCODER_ATTENTION_MASK = "encoder_attention_mask";
    /** The embedding of a whole prompt: {@code float (B, D)}. */
    public static final String TEXT_EMBEDS = "text_embeds";
    /** Sizes of a picture and where it was cut, as Stable Diffusion XL is given them: {@code float32} or {@code int64 (B, n)}. */
    public static final String TIME_IDS = "time_ids";
    /** The embedding of a guidance scale, for networks that were distilled with it: {@code float (B, D)}. */
    public static final String TIMESTEP_COND = "timestep_cond";
    /**
     * What is joined to the sample behind its own channels: a mask, a masked picture, a picture to be edited; {@code float (B, C, H, W)}.
     */
    public static final String EXTRA_CHANNELS = "extra_channels";
    /** 1 where a picture's condition counts, 0 where it is dropped: {@code float32 (B)}. Where it is absent, all count. */
    public static final String KEEP = "keep";

    /** No condition at all. */
    public static final Conditioning NONE = new Conditioning(Map.of());

    private final Map<String, Tensor> tensors;

    private Conditioning(Map<String, Tensor> tensors) {
        this.tensors = tensors;
    }

    /** One tensor, batch first; borrowed. */
    public static Conditioning of(String name, Tensor tensor) {
        return NONE.with(name, tensor);
    }

    /** {@link #CLASS_LABELS}; borrowed. */
    public static Conditioning ofClasses(Tensor classLabels) {
        return of(CLASS_LABELS, classLabels);
    }

    /** The same with one more tensor, or with another one of that name; borrowed. */
    public Conditioning with(String name, Tensor tensor) {
        Map<String, Tensor> all = new LinkedHashMap<>(tensors);
        all.put(name, tensor);
        return new Conditioning(all);
    }

    /** The same without the tensor of that name. */
    public Conditioning without(String name) {
        Map<String, Tensor> all = new LinkedHashMap<>(tensors);
        all.remove(name);
        return new Conditioning(all);
    }

    /** The same, dropped where {@code keep}, {@code float32 (B)}, is 0. */
    public Conditioning withKeep(Tensor keep) {
        return with(KEEP, keep);
    }

    /** The tensor of that name, borrowed, or {@code null}. */
    public @Nullable Tensor get(String name) {
        return tensors.get(name);
    }

    /** {@link #CLASS_LABELS}, or {@code null}. */
    public @Nullable Tensor classLabels() {
        return get(CLASS_LABELS);
    }

    /** {@link #KEEP}, or {@code null} where all count. */
    public @Nullable Tensor keep() {
        return get(KEEP);
    }

    /** The names that are there. */
    public Set<String> names() {
        return Set.copyOf(tensors.keySet());
    }

    /** All tensors, borrowed: for handing them from a scope to the one around it. */
    public List<Tensor> tensors() {
        return List.copyOf(tensors.values());
    }

    /** B; 0 where there is no condition. */
    public long size() {
        return tensors.values().stream()
                .mapToLong(tensor -> tensor.size(0))
                .findFirst()
                .orElse(0);
    }

    /** Pictures {@code start … start+count−1}; views. */
    public Conditioning narrow(long start, long count) {
        return map(tensor -> tensor.narrow(0, start, count));
    }

    /**
     * On a device, and in a dtype: whole numbers are moved only, and so are {@link #KEEP} and {@link #TIME_IDS}, which half precision
     * would round.
     *
     * @return tensors that are the same where nothing was to be done
     */
    public Conditioning to(Device device, ScalarType type) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            boolean converted = tensor.is_floating_point() && !name.equals(KEEP) && !name.equals(TIME_IDS);
            all.put(name, tensor.to(device, converted ? type : Tensors.type(tensor)));
        });
        return new Conditioning(all);
    }

    private Conditioning map(UnaryOperator<Tensor> change) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> all.put(name, change.apply(tensor)));
        return new Conditioning(all);
    }

    /** How {@link #join} brings sequences of different lengths to one length. */
    public enum Padding {
        /** Not at all. */
        REFUSE,
        /**
         * Zeros at the end, which {@link #ENCODER_ATTENTION_MASK} marks as padding; a mask is made where there is none.
         */
        MASKED,
        /**
         * Each is repeated whole up to the least common multiple: 77 and 154 become 154. Attention to keys that are all repeated
         * equally often gives the same result, so this needs no mask.
         */
        REPEAT
    }

    /**
     * One batch after the other, for a single call of a network. A missing {@link #KEEP} means that all count; any other name must
     * be in all of them or in none.
     *
     * @param parts at least one, each of at least one picture
     * @return new tensors owned by the current scope; the only part itself where there is just one
     * @throws IllegalArgumentException naming what does not fit
     */
    public static Conditioning join(List<Conditioning> parts, Padding padding) {
        Check.that(!parts.isEmpty(), "there is no conditioning to join");
        if (parts.size() == 1) {
            return parts.get(0);
        }
        List<Conditioning> padded = Sequences.sameLength(parts, padding);
        boolean dropped = padded.stream().anyMatch(part -> part.keep() != null);
        Map<String, Tensor> all = new LinkedHashMap<>();
        for (String name : padded.get(0).tensors.keySet()) {
            if (!name.equals(KEEP)) {
                all.put(name, cat(vector(named(name, padded)), 0));
            }
        }
        Set<String> known = all.keySet();
        padded.forEach(part -> part.tensors
                .keySet()
                .forEach(name -> Check.that(
                        name.equals(KEEP) || known.contains(name),
                        "'" + name + "' is given for some pictures of a batch, but not for others")));
        if (dropped) {
            all.put(
                    KEEP,
                    cat(vector(padded.stream().map(Conditioning::keepOrOnes).toList()), 0));
        }
        return new Conditioning(all);
    }

    private static List<Tensor> named(String name, List<Conditioning> parts) {
        List<Tensor> found = new ArrayList<>();
        for (Conditioning part : parts) {
            found.add(Check.given(part.get(name), "'" + name + "' of some pictures of a batch"));
        }
        return found;
    }

    private Tensor keepOrOnes() {
        Tensor keep = keep();
        if (keep != null) {
            return keep;
        }
        double[] ones = new double[Math.toIntExact(size())];
        Arrays.fill(ones, 1);
        return Tensors.ofDoubles(ones).to(tensors().get(0).device(), ScalarType.Float);
    }

    private static TensorVector vector(Collection<Tensor> tensors) {
        return new TensorVector(tensors.toArray(Tensor[]::new));
    }
}
