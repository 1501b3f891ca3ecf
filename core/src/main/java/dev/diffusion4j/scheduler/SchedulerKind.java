// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.scheduler.path.ContinuousCosineScheduler;
import dev.diffusion4j.scheduler.path.FlowMatchEulerScheduler;
import dev.diffusion4j.scheduler.path.ScoreSdeVeScheduler;
import dev.diffusion4j.scheduler.path.ToyMixScheduler;
import dev.diffusion4j.scheduler.sigma.EdmEulerScheduler;
import dev.diffusion4j.scheduler.sigma.EulerAncestralScheduler;
import dev.diffusion4j.scheduler.sigma.EulerScheduler;
import dev.diffusion4j.scheduler.sigma.HeunScheduler;
import dev.diffusion4j.scheduler.sigma.Kdpm2AncestralScheduler;
import dev.diffusion4j.scheduler.sigma.Kdpm2Scheduler;
import dev.diffusion4j.scheduler.sigma.LmsScheduler;
import dev.diffusion4j.scheduler.solver.DeisScheduler;
import dev.diffusion4j.scheduler.solver.DpmMultistepScheduler;
import dev.diffusion4j.scheduler.solver.DpmSinglestepScheduler;
import dev.diffusion4j.scheduler.solver.UniPcScheduler;
import dev.diffusion4j.scheduler.timestep.DdimScheduler;
import dev.diffusion4j.scheduler.timestep.DdpmScheduler;
import dev.diffusion4j.scheduler.timestep.LcmScheduler;
import dev.diffusion4j.scheduler.timestep.LessonDdpmScheduler;
import dev.diffusion4j.scheduler.timestep.PndmScheduler;
import dev.diffusion4j.scheduler.timestep.TcdScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sampling algorithms of this library, a line each. The key is the word for {@code --scheduler}. */
public enum SchedulerKind implements Keyed {
    DDPM(DdpmScheduler.ALGORITHM),
    DDIM(DdimScheduler.ALGORITHM),
    PNDM(PndmScheduler.ALGORITHM),
    LMS(LmsScheduler.ALGORITHM),
    EULER(EulerScheduler.ALGORITHM),
    EULER_ANCESTRAL(EulerAncestralScheduler.ALGORITHM),
    HEUN(HeunScheduler.ALGORITHM),
    KDPM2(Kdpm2Scheduler.ALGORITHM),
    KDPM2_ANCESTRAL(Kdpm2AncestralScheduler.ALGORITHM),
    DPM_MULTISTEP(DpmMultistepScheduler.ALGORITHM),
    DPM_SINGLESTEP(DpmSinglestepScheduler.ALGORITHM),
    DEIS(DeisScheduler.ALGORITHM),
    UNIPC(UniPcScheduler.ALGORITHM),
    LCM(LcmScheduler.ALGORITHM),
    TCD(TcdScheduler.ALGORITHM),
    EDM_EULER(EdmEulerScheduler.ALGORITHM),
    FLOW_MATCH_EULER(FlowMatchEulerScheduler.ALGORITHM),
    SCORE_SDE_VE(ScoreSdeVeScheduler.ALGORITHM),
    LESSON_DDPM(LessonDdpmScheduler.ALGORITHM),
    CONTINUOUS_COSINE(ContinuousCosineScheduler.ALGORITHM),
    TOY_MIX(ToyMixScheduler.ALGORITHM);

    private final Algorithm algorithm;

    SchedulerKind(Algorithm algorithm) {
        this.algorithm = algorithm;
    }

    @Override
    public String key() {
        return algorithm.key();
    }

    @Override
    public List<String> otherNames() {
        return OtherSchedulerNames.of(algorithm);
    }

    /** All that there is to know of it. */
    public Algorithm algorithm() {
        return algorithm;
    }

    /** diffusers' name, as in {@code model_index.json}. */
    public String className() {
        return algorithm.className();
    }

    /** A scheduler, as {@link Algorithm#create}. */
    public Scheduler create(Map<String, @Nullable Object> config) {
        return algorithm.create(config);
    }

    /** The algorithm that a scheduler is saved as. */
    public static SchedulerKind of(Scheduler scheduler) {
        return ofClass(scheduler.algorithm().className(), "a scheduler of the application");
    }

    /** By diffusers' class name; {@link Problem} (a failure) naming the known ones where there is none. */
    public static SchedulerKind ofClass(String className, String where) {
        List<String> names = new ArrayList<>();
        for (SchedulerKind kind : values()) {
            if (kind.className().equals(className)) {
                return kind;
            }
            names.add(kind.className());
        }
        throw Problem.failure(where + " names the scheduler '" + className + "'" + Nearest.hint(className, names)
                + ", which is not supported; supported are " + String.join(", ", names));
    }
}
