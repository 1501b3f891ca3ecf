// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import dev.diffusion4j.condition.ClassConditioner;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.NoConditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.model.ClassInput;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** Built-in conditioners. */
class ConditionersTest {
    @Nested
    class Classes extends ConditionerContract {
        @Override
        protected Conditioner conditioner() {
            return new ClassConditioner(ClassInput.COUNTED, 4, false);
        }

        @Override
        protected List<Subject> subjects() {
            return List.of(Subject.ofClass(3), Subject.ofClass(0), Subject.ofClass(2));
        }

        @Override
        protected Subject unknown() {
            return Subject.ofClass(4);
        }
    }

    @Nested
    class ClassesThatCanBeDropped extends Classes {
        @Override
        protected Conditioner conditioner() {
            return new ClassConditioner(ClassInput.COUNTED, 4, true);
        }
    }

    @Nested
    class Nothing extends ConditionerContract {
        @Override
        protected Conditioner conditioner() {
            return new NoConditioner();
        }

        @Override
        protected List<Subject> subjects() {
            return List.of(Subject.NOTHING, Subject.NOTHING);
        }

        @Override
        protected Subject unknown() {
            return Subject.ofPrompt("a cat");
        }
    }
}
