// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Every built-in scheduler with its default settings. */
class BuiltInSchedulersTest {

    private abstract static class Defaults extends SchedulerContract {
        final SchedulerKind kind;

        Defaults(SchedulerKind kind) {
            this.kind = kind;
        }

        @Override
        protected Scheduler scheduler() {
            return kind.create(Map.of());
        }
    }

    @Test
    void none_is_left_out() throws ReflectiveOperationException {
        Set<SchedulerKind> tested = EnumSet.noneOf(SchedulerKind.class);
        for (Class<?> type : getClass().getDeclaredClasses()) {
            if (type.isAnnotationPresent(Nested.class)) {
                Object test = type.getDeclaredConstructor(getClass()).newInstance(this);
                tested.add(((Defaults) test).kind);
            }
        }
        assertThat(tested).containsExactly(SchedulerKind.values());
    }

    @Nested
    class Ddpm extends Defaults {
        Ddpm() {
            super(SchedulerKind.DDPM);
        }
    }

    @Nested
    class Ddim extends Defaults {
        Ddim() {
            super(SchedulerKind.DDIM);
        }
    }

    @Nested
    class Pndm extends Defaults {
        Pndm() {
            super(SchedulerKind.PNDM);
        }

        /** Its Runge-Kutta start, which is on by default, belongs to the first steps. */
        @Override
        protected boolean canBeginLater() {
            return false;
        }
    }

    @Nested
    class Lms extends Defaults {
        Lms() {
            super(SchedulerKind.LMS);
        }
    }

    @Nested
    class Euler extends Defaults {
        Euler() {
            super(SchedulerKind.EULER);
        }
    }

    @Nested
    class EulerAncestral extends Defaults {
        EulerAncestral() {
            super(SchedulerKind.EULER_ANCESTRAL);
        }
    }

    @Nested
    class Heun extends Defaults {
        Heun() {
            super(SchedulerKind.HEUN);
        }
    }

    @Nested
    class Kdpm2 extends Defaults {
        Kdpm2() {
            super(SchedulerKind.KDPM2);
        }
    }

    @Nested
    class Kdpm2Ancestral extends Defaults {
        Kdpm2Ancestral() {
            super(SchedulerKind.KDPM2_ANCESTRAL);
        }
    }

    @Nested
    class DpmMultistep extends Defaults {
        DpmMultistep() {
            super(SchedulerKind.DPM_MULTISTEP);
        }
    }

    @Nested
    class DpmSinglestep extends Defaults {
        DpmSinglestep() {
            super(SchedulerKind.DPM_SINGLESTEP);
        }
    }

    @Nested
    class Deis extends Defaults {
        Deis() {
            super(SchedulerKind.DEIS);
        }
    }

    @Nested
    class Unipc extends Defaults {
        Unipc() {
            super(SchedulerKind.UNIPC);
        }
    }

    @Nested
    class Lcm extends Defaults {
        Lcm() {
            super(SchedulerKind.LCM);
        }
    }

    @Nested
    class Tcd extends Defaults {
        Tcd() {
            super(SchedulerKind.TCD);
        }

        /** It ends at timestep 0, whose noise, without fresh noise, is what was drawn first: three deviations of √(1−ᾱ) = 0.029. */
        @Override
        protected double recoveryTolerance() {
            return 0.1;
        }
    }

    @Nested
    class EdmEuler extends Defaults {
        EdmEuler() {
            super(SchedulerKind.EDM_EULER);
        }
    }

    @Nested
    class FlowMatchEuler extends Defaults {
        FlowMatchEuler() {
            super(SchedulerKind.FLOW_MATCH_EULER);
        }
    }

    @Nested
    class ScoreSdeVe extends Defaults {
        ScoreSdeVe() {
            super(SchedulerKind.SCORE_SDE_VE);
        }
    }

    @Nested
    class LessonDdpm extends Defaults {
        LessonDdpm() {
            super(SchedulerKind.LESSON_DDPM);
        }
    }

    @Nested
    class ContinuousCosine extends Defaults {
        ContinuousCosine() {
            super(SchedulerKind.CONTINUOUS_COSINE);
        }
    }

    @Nested
    class ToyMix extends Defaults {
        ToyMix() {
            super(SchedulerKind.TOY_MIX);
        }

        /** The network of the course's toy predicts the picture. */
        @Override
        protected boolean predOriginalDependsOnSample() {
            return false;
        }
    }
}
