// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.random;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Five pictures of the one kind beside twelve of the other, in batches of four. */
class HalvesOrderTest {
    private final HalvesOrder order = new HalvesOrder(5, 17, 4, 7);

    @Test
    void each_batch_holds_half_of_the_one_kind_and_half_of_the_other() {
        assertThat(order.size()).isEqualTo(6 * 4);
        for (int place = 0; place < order.size(); place++) {
            boolean isFirst = place % 4 < 2;
            assertThat(order.index(3, place) < 5).isEqualTo(isFirst);
            assertThat(order.areAlike(place, 0)).isEqualTo(isFirst);
        }
    }

    @Test
    void all_of_a_kind_come_equally_often_over_the_passes_in_another_order_each_time() {
        Map<Integer, Integer> seen = new HashMap<>();
        for (int pass = 0; pass < 5; pass++) {
            for (int place = 0; place < order.size(); place++) {
                seen.merge(order.index(pass, place), 1, Integer::sum);
            }
        }
        IntStream.range(0, 5).forEach(i -> assertThat(seen).containsEntry(i, 12)); // 5 passes of 12 places, 5 pictures
        IntStream.range(5, 17).forEach(i -> assertThat(seen).containsEntry(i, 5));
        assertThat(pass(0)).isNotEqualTo(pass(1)).isEqualTo(pass(0));
    }

    private List<Integer> pass(int number) {
        return IntStream.range(0, order.size())
                .map(place -> order.index(number, place))
                .boxed()
                .toList();
    }
}
