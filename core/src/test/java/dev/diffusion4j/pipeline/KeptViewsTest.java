// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which views stay for the next call, and who waits while one is made. */
class KeptViewsTest {
    private final DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-sd"));
    private final LoraAdapter adapter =
            LoraAdapter.read(Golden.path("text_lora").resolve("sd-kohya.safetensors"));
    private final List<LoraView> made = new ArrayList<>();

    @AfterEach
    void close() {
        made.forEach(LoraView::close);
        adapter.close();
        pipeline.close();
    }

    private LoraView view() {
        LoraView view = pipeline.fit(List.of(new LoraView.Use(adapter, 1)));
        made.add(view);
        return view;
    }

    private static boolean isOpen(LoraView view) {
        try {
            return view.run(() -> true);
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private List<Boolean> open() {
        return made.stream().map(KeptViewsTest::isOpen).toList();
    }

    @Test
    void views_that_are_too_large_together_go_oldest_first_but_never_the_last_or_one_that_runs() {
        long bytes = view().bytes();
        assertThat(bytes).isPositive();
        Supplier<Boolean> nothing = () -> true;
        made.remove(0).close();
        try (KeptViews<String> kept = new KeptViews<>(2 * bytes)) {
            for (String key : List.of("a", "b", "a", "c")) {
                kept.run(key, this::view, nothing);
            }
            assertThat(open()).as("a, b, c").containsExactly(true, false, true);
            kept.run("a", this::view, () -> kept.run("d", this::view, () -> kept.run("e", this::view, nothing)));
            assertThat(open()).as("a, b, c, d, e").containsExactly(true, false, false, true, false);
        }
        assertThat(open()).containsOnly(false);
        made.clear();
        try (KeptViews<String> kept = new KeptViews<>(bytes / 2)) {
            kept.run("a", this::view, nothing);
            kept.run("a", this::view, nothing);
            assertThat(open()).containsExactly(true);
        }
    }

    @Test
    void nobody_waits_for_a_view_of_other_adapters_and_one_that_fails_can_be_made_later() {
        CountDownLatch ended = new CountDownLatch(1);
        CountDownLatch making = new CountDownLatch(1);
        try (KeptViews<String> kept = new KeptViews<>(Long.MAX_VALUE)) {
            CompletableFuture<Boolean> slow = CompletableFuture.supplyAsync(() -> kept.run(
                    "slow",
                    () -> {
                        making.countDown();
                        await(ended);
                        throw new IllegalArgumentException("broken");
                    },
                    () -> true));
            await(making);
            assertThat(kept.run("quick", this::view, () -> true)).isTrue();
            ended.countDown();
            assertThatThrownBy(slow::join).hasMessageContaining("broken");
            assertThat(kept.run("slow", this::view, () -> true)).isTrue();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
