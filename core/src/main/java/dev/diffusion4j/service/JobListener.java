// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import java.awt.image.BufferedImage;
import java.util.Map;

/**
 * Sees a job on its way. Its methods are called on the service's native thread, one after the other: they should be brief, as the next step waits
 * for them, and must neither await a job nor close the service. Where one throws, the job ends with that error.
 */
public interface JobListener {
    /** Does nothing. */
    JobListener NONE = new JobListener() {};

    /** After each step. */
    default void onProgress(Job job, JobProgress progress) {}

    /**
     * What a picture looks like so far, as often as {@link ServiceRequest#previews()} says.
     *
     * @param index which one of the job, from 0
     * @param preview perhaps smaller than the picture will be
     */
    default void onPreview(Job job, int index, BufferedImage preview) {}

    /**
     * How far the pictures are from the goals of what they are steered by, after a step that was.
     *
     * @param step from 1
     * @param losses as texts print them, by the names of the guidances
     */
    default void onLosses(Job job, int step, Map<String, Double> losses) {}

    /** As soon as a picture is finished, in order. */
    default void onPicture(Job job, FinishedPicture picture) {}
}
