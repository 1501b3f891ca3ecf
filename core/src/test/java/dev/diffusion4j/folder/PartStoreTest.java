// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class PartStoreTest {
    private final PartStore store = new PartStore();

    private static Model small() {
        return AutoencoderKl.FAMILY.create(Map.of("norm_num_groups", 4L, "block_out_channels", List.of(4L)));
    }

    private static PartLoader outlined() {
        return new PartLoader() {
            @Override
            public Model load() {
                return small();
            }

            @Override
            public Model outline() {
                return small();
            }
        };
    }

    @Test
    @Timeout(60)
    void while_one_network_is_loaded_others_are_leased_and_closed_and_itself_too() throws Exception {
        long before = Pointer.totalCount();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        PartLease slow = store.lease("slow", () -> {
            begun.countDown();
            try {
                assertThat(mayEnd.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return small();
        });
        CompletableFuture<Long> call = CompletableFuture.supplyAsync(() -> slow.use(Model::parameterCount));
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
        try (PartLease other = store.lease("other", PartStoreTest::small);
                PartLease again = store.lease("slow", PartStoreTest::small)) {
            assertThat(other.use(Model::parameterCount)).isPositive();
            assertThat(again.isLoaded()).isFalse();
            assertThat(again.drop()).isTrue();
        }
        slow.close();
        assertThat(store.size()).isZero();
        mayEnd.countDown();
        assertThat(call.get()).as("the call that waited").isPositive();
        assertThat(slow.isLoaded()).isFalse();
        assertThat(Pointer.totalCount()).as("nothing is left behind").isLessThanOrEqualTo(before);
    }

    /** Whether anything is made depends on the processor; where it is, it counts as soon as nobody uses the network. */
    @Test
    void what_layers_make_of_weights_counts_within_the_limit() {
        PartLoader doubling = () -> {
            Model made = AutoencoderKl.FAMILY.create(Map.of(
                    "norm_num_groups",
                    4L,
                    "block_out_channels",
                    List.of(4L, 4L),
                    "down_block_types",
                    List.of("DownEncoderBlock2D", "DownEncoderBlock2D"),
                    "up_block_types",
                    List.of("UpDecoderBlock2D", "UpDecoderBlock2D")));
            made.initialize(new RandomStream(0));
            made.channelsLast(true);
            made.freeze();
            return made;
        };
        try (PartLease first = store.lease("first", doubling);
                PartLease second = store.lease("second", PartStoreTest::small)) {
            long made = first.use(network -> {
                try (NoGradGuard guard = new NoGradGuard()) {
                    TensorScope.run(() -> ((AutoencoderKl) network).decode(torch.zeros(1, 4, 8, 8)));
                }
                return network.madeBytes();
            });
            second.use(Model::parameterCount);
            long weights = store.bytes();
            assertThat(weights).isPositive();
            store.limit(weights + made);
            assertThat(first.isLoaded()).isTrue();
            if (made > 0) {
                store.limit(weights + made - 1);
                assertThat(first.isLoaded()).isFalse();
            }
        }
    }

    @Test
    void a_closed_lease_is_not_asked_and_closing_waits_for_those_who_ask() {
        PartLease lease = store.lease("key", outlined());
        long parameters = lease.ask(outline -> {
            lease.close();
            return outline.parameterCount();
        });
        assertThat(parameters).isPositive();
        assertThatIllegalStateException().isThrownBy(() -> lease.ask(Model::parameterCount));
        assertThatIllegalStateException().isThrownBy(() -> lease.use(Model::parameterCount));
    }

    @Test
    void a_network_is_dropped_while_its_outline_is_asked() {
        try (PartLease lease = store.lease("key", outlined())) {
            assertThat(lease.use(Model::parameterCount)).isPositive();
            assertThat(lease.<Boolean>ask(outline -> {
                        lease.drop();
                        return lease.isLoaded();
                    }))
                    .isFalse();
        }
    }

    @Test
    void within_a_limit_what_was_not_used_longest_goes_but_nothing_that_is_in_use() {
        List<String> seen = new ArrayList<>();
        PartStore limited = new PartStore(new PartStore.Watcher() {
            @Override
            public void onLoad(long bytes, Duration took) {
                seen.add("read");
            }

            @Override
            public void onDrop(long bytes) {
                seen.add("dropped");
            }
        });
        try (PartLease first = limited.lease("first", outlined());
                PartLease second = limited.lease("second", outlined());
                PartLease third = limited.lease("third", outlined())) {
            long one = 4 * first.ask(Model::parameterCount);
            limited.limit(2 * one);
            first.use(Model::parameterCount);
            second.use(Model::parameterCount);
            first.use(Model::parameterCount);
            assertThat(limited.bytes()).isEqualTo(2 * one);
            third.use(Model::parameterCount);
            assertThat(limited.bytes()).isEqualTo(2 * one);
            assertThat(List.of(first.isLoaded(), second.isLoaded(), third.isLoaded()))
                    .containsExactly(true, false, true);
            first.use(used -> third.use(also -> second.use(network -> {
                assertThat(limited.bytes()).as("all three are in use").isEqualTo(3 * one);
                return true;
            })));
            assertThat(limited.bytes()).isEqualTo(2 * one);
            limited.limit(0);
            assertThat(limited.bytes()).isZero();
        }
        assertThat(seen).containsExactly("read", "read", "dropped", "read", "read", "dropped", "dropped", "dropped");
    }
}
