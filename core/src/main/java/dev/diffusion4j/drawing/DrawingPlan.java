// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a face knows of a drawing before the network is read.
 *
 * @param model a folder, that of a run, or {@code org/name} on the Hub
 * @param loading device, number format, adapters
 * @param scheduler with what algorithm
 * @param guides losses to steer by, as text; see {@link dev.diffusion4j.pipeline.GuideKit}
 * @param clip the CLIP that guides look with, or {@code null}
 * @param subject what pictures show
 * @param request all else; its subjects and steps are replaced by those of {@code subject} and {@code scheduler}
 */
public record DrawingPlan(
        Path model,
        LoadOptions loading,
        SchedulerSelection scheduler,
        List<String> guides,
        Clip.@Nullable Origin clip,
        SubjectSelection subject,
        GenerationRequest request) {

    // written out: a compact constructor's parameters lose their @Nullable in the class file, where the command looks
    // for it
    public DrawingPlan(
            Path model,
            LoadOptions loading,
            SchedulerSelection scheduler,
            List<String> guides,
            Clip.@Nullable Origin clip,
            SubjectSelection subject,
            GenerationRequest request) {
        this.model = model;
        this.loading = loading;
        this.scheduler = scheduler;
        this.guides = List.copyOf(guides);
        this.clip = clip;
        this.subject = subject;
        this.request = request;
    }
}
