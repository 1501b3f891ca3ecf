// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.RandomStream;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * Turns a batch into something to be learnt. Everything random is drawn for the whole batch at once, before it is split, so that
 * what is learnt does not depend on how many threads share the work.
 */
public interface Objective {
    /** The network that learns, or the first of them; borrowed. */
    Model model();

    /**
     * All networks that learn, by a name that goes before the names of their parameters; borrowed. The empty name stands for
     * {@link #model()}, whose parameters keep their names.
     */
    default Map<String, Model> networks() {
        return Map.of("", model());
    }

    /**
     * Draws everything random of a step.
     *
     * @return tensors owned by the current scope
     */
    Task draw(TrainingExamples examples, RandomStream random);

    /**
     * Whether a batch's loss is the mean of its examples' own, so that parts of it, or several batches of one update, may be computed
     * apart. Where it is not, a batch is not split.
     */
    default boolean isSeparable() {
        return true;
    }

    /** Called after each update of the weights, before they are averaged: brings what must stay within bounds back into them. */
    default void afterUpdate() {}

    /**
     * What there is to log of an epoch besides the loss, by short names.
     *
     * @param epoch from 0
     */
    default Map<String, Double> scalars(int epoch) {
        return Map.of();
    }

    /** One step's inputs and targets. */
    interface Task {
        /** B. */
        long size();

        /** Examples {@code start … start+count−1}; views. */
        Task slice(long start, long count);

        /** The same on another device; what lies there already is shared, not copied. Tensors owned by the current scope. */
        Task to(Device device);

        /** The mean loss over the examples, a scalar {@code float32} with its graph, owned by the current scope. */
        Tensor loss();

        /**
         * What of its inputs and targets holds numbers that are not finite, as a sentence with what to do about it; empty where
         * all are finite. Asked where the loss is no number.
         */
        default Optional<String> notFinite() {
            return Optional.empty();
        }

        /** Other means over the examples that are worth a curve, as the last call of {@link #loss()} found them, by name. */
        default Map<String, Double> tracked() {
            return Map.of();
        }

        /** Over how many of the examples one of {@link #tracked()} is a mean. */
        default long count(String name) {
            return size();
        }
    }
}
