// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.testkit.CodecContract;
import dev.diffusion4j.testkit.ConditionerContract;
import dev.diffusion4j.testkit.ModelContract;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;

/** What an application makes keeps the promises of what comes with the library. */
class ContractsTest {
    @Nested
    class OwnConditioner extends ConditionerContract {
        @Override
        protected Conditioner conditioner() {
            return new YourOwnConditioner();
        }

        @Override
        protected List<Subject> subjects() {
            return List.of(Subject.ofPrompt("red"), Subject.ofPrompt("blue"), Subject.ofPrompt("green"));
        }

        @Override
        protected Subject unknown() {
            return Subject.ofPrompt("loud");
        }
    }

    @Nested
    class OwnCodec extends CodecContract {
        @Override
        protected SampleCodec codec() {
            return new YourOwnCodec();
        }
    }

    @Nested
    class OwnModel extends ModelContract {
        @Override
        protected ModelFamily family() {
            return YourOwnModel.FAMILY;
        }

        @Override
        protected Map<String, @Nullable Object> config() {
            return Map.of("sample_size", 8L, "width", 4L);
        }
    }
}
