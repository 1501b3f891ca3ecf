// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static dev.diffusion4j.testkit.Closeness.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** What every conditioner promises. */
public abstract class ConditionerContract {

    /** The conditioner to test; the test does not close it. */
    protected abstract Conditioner conditioner();

    /** At least two subjects that it knows. */
    protected abstract List<Subject> subjects();

    /** A subject that it does not know, and must refuse. */
    protected abstract Subject unknown();

    private static void assertSame(Conditioning actual, Conditioning expected) {
        assertThat(actual.names()).isEqualTo(expected.names());
        for (String name : expected.names()) {
            assertClose(name, tensor(actual, name), tensor(expected, name), 1e-5);
        }
    }

    private static Tensor tensor(Conditioning conditioning, String name) {
        return Objects.requireNonNull(conditioning.get(name), name);
    }

    @Test
    void subjects_that_it_knows_pass_and_another_is_refused() {
        conditioner().check(subjects(), "subject");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> conditioner().check(List.of(unknown()), "subject"))
                .satisfies(error -> assertThat(error.getMessage()).doesNotContain("\n"));
    }

    @Test
    void every_tensor_has_a_row_for_each_subject() {
        TensorScope.run(() -> {
            Conditioning conditioning = conditioner().encode(subjects());
            for (String name : conditioning.names()) {
                assertThat(tensor(conditioning, name).size(0))
                        .as(name)
                        .isEqualTo(subjects().size());
            }
        });
    }

    @Test
    void encoding_a_subject_alone_gives_its_row() {
        TensorScope.run(() -> {
            Conditioning together = conditioner().encode(subjects());
            for (int k = 0; k < subjects().size() && together.size() > 0; k++) {
                assertSame(conditioner().encode(List.of(subjects().get(k))), together.narrow(k, 1));
            }
        });
    }

    @Test
    void it_keeps_no_state_of_a_call() {
        TensorScope.run(() -> {
            Conditioning first = conditioner().encode(subjects());
            conditioner().encode(List.of(subjects().get(1)));
            assertSame(conditioner().encode(subjects()), first);
        });
    }

    @Test
    void a_condition_can_be_dropped_where_it_says_so() {
        TensorScope.run(() -> {
            Conditioning conditioning = conditioner().encode(subjects());
            double[] keep = new double[subjects().size()];
            keep[0] = 1;
            if (!conditioner().canDrop()) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> conditioner().drop(conditioning, Tensors.ofDoubles(keep)));
                return;
            }
            Conditioning dropped = conditioner().drop(conditioning, Tensors.ofDoubles(keep));
            assertThat(dropped.size()).isEqualTo(conditioning.size());
            boolean changed = !dropped.names().equals(conditioning.names());
            for (String name : conditioning.names()) {
                Tensor before = tensor(conditioning, name);
                Tensor after = tensor(dropped, name);
                assertClose(name + " of a picture that keeps it", after.narrow(0, 0, 1), before.narrow(0, 0, 1), 1e-6);
                changed |= !after.equal(before);
            }
            assertThat(changed).as("a tensor shows what was dropped").isTrue();
        });
    }
}
