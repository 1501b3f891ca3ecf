// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

/** Takes what was drawn of a request, batch by batch. */
@FunctionalInterface
public interface ResultSink {
    /**
     * @param first index of the batch's first picture
     * @param batch valid during the call only
     */
    void accept(int first, GenerationResult batch);
}
