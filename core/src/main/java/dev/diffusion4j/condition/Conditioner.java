// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.text.PromptSyntax;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * Encodes subjects for a network. The sampler and the training objective call the same one; nobody else turns a class or a caption
 * into a tensor. It keeps no state of a call, so any number of threads may use it at once; whatever it caches is its own.
 */
public interface Conditioner extends AutoCloseable {

    /** What a subject must have for it. */
    Subject.Kind takes();

    /**
     * Refuses what {@link #encode} could not encode as a person means it, before anything is computed. Captions of a data set are
     * not checked: words that the network does not know are left out of them.
     *
     * @param subjects one a picture
     * @param field what the subjects are called in messages: {@code class}, {@code negativeClass}
     * @throws Problem naming the subject, what is allowed and what to do
     */
    void check(List<Subject> subjects, String field);

    /**
     * Encodes. With networks that {@linkplain #learning() learn}, this happens on the tape.
     *
     * @param subjects one a picture; those of a data set may lack the class or the prompt, and then stand for nothing
     * @return on the CPU or where the conditioner computes; tensors owned by the current scope, or by the conditioner's cache
     */
    Conditioning encode(List<Subject> subjects);

    /**
     * What pictures are guided away from: {@link #encode}, unless such subjects are encoded in another way.
     *
     * @param subjects one a picture
     */
    default Conditioning encodeAway(List<Subject> subjects) {
        return encode(subjects);
    }

    /** What of a subject the network will not read, in a sentence for each reason; empty where it reads all. */
    default List<String> unread(Subject subject) {
        return List.of();
    }

    /** The guidance scale that its networks are usually drawn with; 1 for none. */
    default double usualScale() {
        return 1;
    }

    /** Whether it gives a pooled text beside the states, as Stable Diffusion XL takes it. */
    default boolean givesPooledText() {
        return false;
    }

    /** Whether its network was trained to refine pictures, and not to begin with noise alone: Stable Diffusion XL's refiner. */
    default boolean refines() {
        return false;
    }

    /** Whether a scale below 1 is no guidance, as with diffusers' text-to-image calls, and not towards nothing. */
    default boolean isGuidedAboveOne() {
        return false;
    }

    /**
     * The one that encodes for one call.
     *
     * @param size of the pictures
     * @param clipSkip blocks at the end of text encoders that are left out
     * @param syntax what signs in a prompt mean
     * @return borrowed; not to be closed
     */
    default Conditioner forCall(SampleSize size, int clipSkip, PromptSyntax syntax) {
        return this;
    }

    /** Whether it knows what "nothing" is for its network: a dropped class, the empty prompt, zeros. */
    boolean canDrop();

    /**
     * The same with nothing in place of some pictures' conditions.
     *
     * @param conditioning a result of {@link #encode}
     * @param keep {@code float32 (B)}: 0 where a picture's condition is dropped, else 1
     * @return tensors owned by the current scope, or those of {@code conditioning}
     * @throws IllegalStateException where it {@linkplain #canDrop() knows no nothing}
     */
    Conditioning drop(Conditioning conditioning, Tensor keep);

    /**
     * Its networks, by the names of the parts that a pipeline's folder keeps them in: {@code text_encoder}; borrowed. They are saved
     * with the pipeline.
     */
    default Map<String, Model> networks() {
        return Map.of();
    }

    /** The same networks, which may be asked for their configs and shapes without being in memory; borrowed. */
    default Map<String, LentModel> lent() {
        Map<String, LentModel> lent = new LinkedHashMap<>();
        networks().forEach((name, network) -> lent.put(name, LentModel.of(network)));
        return lent;
    }

    /**
     * Which of its {@linkplain #networks() networks} learn with the denoiser: they are encoded with on the tape, and kept in a run's
     * checkpoints. The others stay as they are.
     */
    default Set<String> learning() {
        return Set.of();
    }

    /**
     * What learns with the denoiser, by the names that its parameters have in a run's checkpoints; borrowed: those of its networks that {@link
     * #learning()} names, and whatever else it has that learns and is no part of a folder.
     */
    default Map<String, Model> learners() {
        Set<String> learning = learning();
        if (learning.isEmpty()) {
            return Map.of(); // its networks need not be in memory
        }
        Map<String, Model> all = new LinkedHashMap<>(networks());
        all.keySet().retainAll(learning);
        return all;
    }

    /** Frees what it owns; a conditioner without tensors has nothing to do. */
    @Override
    default void close() {}
}
