// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import dev.diffusion4j.condition.ClassConditioner;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.KeptStates;
import dev.diffusion4j.condition.NoConditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.condition.TextConditioner;
import dev.diffusion4j.condition.TextEncoder;
import dev.diffusion4j.condition.TextForm;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.text.BpeVocabulary;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TextCleaning;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
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

    /** Prompts by a text encoder of fresh weights that knows two letters. */
    @Nested
    class Prompts extends ConditionerContract {
        private final Model network = ClipTextModel.FAMILY.create(Map.of(
                "vocab_size", 6L,
                "hidden_size", 8L,
                "intermediate_size", 8L,
                "num_hidden_layers", 1L,
                "num_attention_heads", 2L));
        private final Conditioner conditioner;

        Prompts() {
            try (RandomStream random = new RandomStream(1)) {
                network.initialize(random);
            }
            Map<String, Integer> pieces =
                    Map.of("a", 0, "b", 1, "a</w>", 2, "b</w>", 3, "<|startoftext|>", 4, "<|endoftext|>", 5);
            ClipTokenizer tokenizer = new ClipTokenizer(new BpeVocabulary(pieces, Map.of()), TextCleaning.TRANSFORMERS);
            TextEncoder encoder = new TextEncoder("text_encoder", tokenizer, LentModel.owning(network));
            conditioner = TextConditioner.of(List.of(encoder), TextForm.LAST, false);
        }

        @AfterEach
        void free() {
            conditioner.close();
        }

        @Override
        protected Conditioner conditioner() {
            return conditioner;
        }

        @Override
        protected List<Subject> subjects() {
            return List.of(Subject.ofPrompt("ab a"), Subject.ofPrompt(""), Subject.ofPrompt("b"));
        }

        @Override
        protected Subject unknown() {
            return Subject.ofClass(1);
        }
    }

    /** One of the prompts was encoded before. */
    @Nested
    class KeptPrompts extends Prompts {
        private final float[] known = KeptStates.of(super.conditioner(), SampleSize.square(8), List.of("ab a"))
                .get(0);

        @Override
        protected Conditioner conditioner() {
            return new KeptStates(super.conditioner(), SampleSize.square(8), (caption, into, offset) -> {
                boolean found = caption.equals("ab a");
                if (found) {
                    System.arraycopy(known, 0, into, offset, known.length);
                }
                return found;
            });
        }
    }
}
