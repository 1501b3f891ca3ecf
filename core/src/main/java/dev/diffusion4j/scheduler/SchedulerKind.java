// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Records;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All sampling algorithms. The key is the word for {@code --scheduler}; the class name is the one in diffusers' files. */
public enum SchedulerKind implements Keyed {
    DDPM("ddpm", "DDPMScheduler", Chain.BETAS, of(DdpmScheduler.Config.DEFAULT, DdpmScheduler::new)),
    DDIM("ddim", "DDIMScheduler", Chain.BETAS, of(DdimScheduler.Config.DEFAULT, DdimScheduler::new)),
    PNDM("pndm", "PNDMScheduler", Chain.BETAS, of(PndmScheduler.Config.DEFAULT, PndmScheduler::new)),
    LMS("lms", "LMSDiscreteScheduler", Chain.BETAS, of(LmsScheduler.Config.DEFAULT, LmsScheduler::new)),
    EULER("euler", "EulerDiscreteScheduler", Chain.BETAS, of(EulerScheduler.Config.DEFAULT, EulerScheduler::new)),
    EULER_ANCESTRAL(
            "euler-ancestral",
            "EulerAncestralDiscreteScheduler",
            Chain.BETAS,
            of(EulerAncestralScheduler.Config.DEFAULT, EulerAncestralScheduler::new)),
    HEUN("heun", "HeunDiscreteScheduler", Chain.BETAS, of(HeunScheduler.Config.DEFAULT, HeunScheduler::new)),
    KDPM2("kdpm2", "KDPM2DiscreteScheduler", Chain.BETAS, of(Kdpm2Scheduler.Config.DEFAULT, Kdpm2Scheduler::new)),
    KDPM2_ANCESTRAL(
            "kdpm2-ancestral",
            "KDPM2AncestralDiscreteScheduler",
            Chain.BETAS,
            of(Kdpm2Scheduler.Config.DEFAULT, Kdpm2AncestralScheduler::new)),
    DPM_MULTISTEP(
            "dpm-multistep",
            "DPMSolverMultistepScheduler",
            Chain.BETAS,
            of(DpmMultistepScheduler.Config.DEFAULT, DpmMultistepScheduler::new)),
    DPM_SINGLESTEP(
            "dpm-singlestep",
            "DPMSolverSinglestepScheduler",
            Chain.BETAS,
            of(DpmSinglestepScheduler.Config.DEFAULT, DpmSinglestepScheduler::new)),
    DEIS("deis", "DEISMultistepScheduler", Chain.BETAS, of(DeisScheduler.Config.DEFAULT, DeisScheduler::new)),
    UNIPC("unipc", "UniPCMultistepScheduler", Chain.BETAS, of(UniPcScheduler.Config.DEFAULT, UniPcScheduler::new)),
    LCM("lcm", "LCMScheduler", Chain.BETAS, of(LcmScheduler.Config.DEFAULT, LcmScheduler::new)),
    EDM_EULER(
            "edm-euler", "EDMEulerScheduler", Chain.EDM, of(EdmEulerScheduler.Config.DEFAULT, EdmEulerScheduler::new)),
    FLOW_MATCH_EULER(
            "flow-match-euler",
            "FlowMatchEulerDiscreteScheduler",
            Chain.FLOW,
            of(FlowMatchEulerScheduler.Config.DEFAULT, FlowMatchEulerScheduler::new)),
    SCORE_SDE_VE(
            "score-sde-ve",
            "ScoreSdeVeScheduler",
            Chain.VARIANCE_EXPLODING,
            of(ScoreSdeVeScheduler.Config.DEFAULT, ScoreSdeVeScheduler::new)),
    LESSON_DDPM(
            "lesson-ddpm",
            "LessonDdpmScheduler",
            Chain.BETAS,
            of(LessonDdpmScheduler.Config.DEFAULT, LessonDdpmScheduler::new)),
    CONTINUOUS_COSINE(
            "continuous-cosine",
            "ContinuousCosineScheduler",
            Chain.CONTINUOUS,
            of(ContinuousCosineScheduler.Config.DEFAULT, ContinuousCosineScheduler::new)),
    TOY_MIX("toy-mix", "ToyMixScheduler", Chain.TOY, of(ToyMixScheduler.Config.DEFAULT, ToyMixScheduler::new));

    /** What a network was trained on; a scheduler can only be swapped for one of the same chain. */
    public enum Chain {
        /** A table of β. */
        BETAS,
        /** Noise levels of Karras et al. (2022). */
        EDM,
        /** Straight paths from data to noise. */
        FLOW,
        /** The variance-exploding equation of Song et al. (2021). */
        VARIANCE_EXPLODING,
        /** Continuous time; the network's time is the noise's variance. */
        CONTINUOUS,
        /** A mixture with uniform noise. */
        TOY
    }

    private final String key;
    private final String className;
    private final Chain chain;
    private final Function<Map<String, @Nullable Object>, Scheduler> factory;

    SchedulerKind(
            String key, String className, Chain chain, Function<Map<String, @Nullable Object>, Scheduler> factory) {
        this.key = key;
        this.className = className;
        this.chain = chain;
        this.factory = factory;
    }

    private static <C extends Record> Function<Map<String, @Nullable Object>, Scheduler> of(
            C defaults, BiFunction<C, Map<String, @Nullable Object>, Scheduler> constructor) {
        return json -> {
            Records.Bound<C> bound = Records.bindKnown(defaults, json, "scheduler config");
            return constructor.apply(bound.value(), bound.unknown());
        };
    }

    @Override
    public String key() {
        return key;
    }

    @Override
    public List<String> otherNames() {
        return OtherSchedulerNames.of(this);
    }

    /** diffusers' name, as in {@code model_index.json}. */
    public String className() {
        return className;
    }

    /** What a network must have been trained on; a scheduler may be configured for another, see {@link Scheduler#chain()}. */
    public Chain chain() {
        return chain;
    }

    /**
     * From the keys of a {@code scheduler_config.json}: of this algorithm or of another one, whose common settings are taken
     * over, as diffusers' {@code from_config} does. Keys that begin with an underscore are ignored, as are those that the file
     * lists in {@code _use_default_values}.
     *
     * @throws IllegalArgumentException where a value is not allowed
     */
    public Scheduler create(Map<String, @Nullable Object> config) {
        Map<String, @Nullable Object> own = Records.settings(config);
        if (config.get("_use_default_values") instanceof List<?> defaulted) {
            defaulted.forEach(own::remove);
        }
        return factory.apply(own);
    }

    /** By diffusers' class name; {@link Problem} (a failure) naming the known ones where there is none. */
    public static SchedulerKind ofClass(String className, String where) {
        List<String> names = new ArrayList<>();
        for (SchedulerKind kind : values()) {
            if (kind.className.equals(className)) {
                return kind;
            }
            names.add(kind.className);
        }
        throw Problem.failure(where + " names the scheduler '" + className + "'" + Nearest.hint(className, names)
                + ", which is not supported; supported are " + String.join(", ", names));
    }
}
