// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.PromptSyntax;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What one or two text encoders made of captions is looked up, and is the same to the last bit. */
class KeptStatesTest {
    private static final List<String> KNOWN = List.of("a red cat", "a photo of a dog on a mat");

    private static final SampleSize SIZE = new SampleSize(24, 32);

    private static void same(Conditioning kept, Conditioning live) {
        assertThat(kept.names()).isEqualTo(live.names());
        live.names().forEach(name -> {
            assertThat(Tensors.shape(Objects.requireNonNull(kept.get(name)))).isEqualTo(Tensors.shape(live.get(name)));
            assertThat(Tensors.floats(kept.get(name))).isEqualTo(Tensors.floats(live.get(name)));
        });
    }

    private static void check(TextConditioner encoders, TextParts parts) {
        TextConditioner conditioner = (TextConditioner) encoders.forCall(SIZE, 0, PromptSyntax.PLAIN);
        List<float[]> made = KeptStates.of(conditioner.keepingNone(), SIZE, KNOWN);
        Map<String, float[]> known = Map.of(KNOWN.get(0), made.get(0), KNOWN.get(1), made.get(1));
        KeptStates kept = new KeptStates(conditioner, SIZE, (caption, into, offset) -> {
            float[] row = known.get(caption);
            if (row != null) {
                System.arraycopy(row, 0, into, offset, row.length);
            }
            return row != null;
        });
        assertThat(kept.forCall(SIZE, 0, PromptSyntax.PLAIN))
                .as("for what was kept")
                .isSameAs(kept);
        for (Conditioner other : List.of(
                kept.forCall(SampleSize.square(32), 0, PromptSyntax.PLAIN),
                kept.forCall(SIZE, 1, PromptSyntax.PLAIN),
                kept.forCall(SIZE, 0, PromptSyntax.A1111))) {
            assertThat(other).isInstanceOf(TextConditioner.class);
        }
        TensorScope.run(() -> {
            List<Subject> all =
                    Stream.of(0, 1, 0).map(KNOWN::get).map(Subject::ofPrompt).toList();
            int before = parts.calls.get();
            Conditioning found = kept.encode(all);
            assertThat(parts.calls.get()).as("nothing is computed").isEqualTo(before);
            Conditioning live = conditioner.encode(all);
            same(found, live);
            same(
                    kept.drop(found, Tensors.ofDoubles(new double[] {1, 0, 1})),
                    conditioner.drop(live, Tensors.ofDoubles(new double[] {1, 0, 1})));
            List<Subject> mixed = List.of(Subject.NOTHING, all.get(1), Subject.ofPrompt("something new"));
            same(kept.encode(mixed), conditioner.encode(mixed));
        });
    }

    @Test
    void states_and_pooled_texts_are_those_of_the_encoders() {
        try (TextParts parts = new TextParts();
                TextConditioner sd = parts.sd("sd1").inBatches();
                TextConditioner xl = parts.xl(true)) {
            check(sd, parts);
            check(xl, parts);
        }
    }

    @Test
    void one_that_keeps_none_encodes_each_time_to_the_same_numbers() {
        try (TextParts parts = new TextParts();
                TextConditioner conditioner = parts.sd("sd1").inBatches()) {
            TextConditioner none = conditioner.keepingNone();
            float[] first = KeptStates.of(none, SIZE, KNOWN).get(1);
            int before = parts.calls.get();
            assertThat(KeptStates.of(none, SIZE, KNOWN.subList(1, 2)).get(0)).isEqualTo(first);
            assertThat(parts.calls.get()).isGreaterThan(before);
            assertThat((long) first.length)
                    .isEqualTo(conditioner.statesShape()[0] * conditioner.statesShape()[1]);
            assertThat(none.tokens(KNOWN.get(0))).hasSize(1).allSatisfy(ids -> assertThat(ids)
                    .hasSize((int) conditioner.statesShape()[0]));
        }
    }
}
