// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Numbers that can be worked out by hand: pictures of two pixels. */
class VarietyTest {
    private static final float[] REAL = {0, 0, 6, 8, 1, 1, 1, 3};
    private static final long[] REAL_CLASSES = {0, 0, 1, 1};

    @Test
    void distances_within_classes_and_to_training_pictures() {
        float[] samples = {0, 0, 3, 4, 0, 0, 0, 1};
        Variety.Measure measure = Variety.measure(samples, new long[] {0, 0, 1, 1}, REAL, REAL_CLASSES, 2);
        measure.compare(new float[] {3, 3, 9, 9}, new long[] {0, 1});
        measure.compare(new float[] {0, 2, 5, 8}, new long[] {1, 0});
        Variety variety = measure.result();
        double half = Math.sqrt(0.5); // of a root mean square over two pixels
        // samples: 5 and 1 apart; real pictures: 10 and 2 apart
        assertThat(variety.ratio()).isCloseTo(6.0 / 12.0, within(1e-6));
        // real to the nearest training picture: (0,0)-(3,3), (6,8)-(5,8), (1,1)-(0,2), (1,3)-(0,2)
        double usual = half * (Math.sqrt(18) + 1 + Math.sqrt(2) + Math.sqrt(2)) / 4;
        // nearest of all samples: (3,4)-(3,3) and (0,1)-(0,2), both 1
        assertThat(variety.nearest()).isCloseTo(half / usual, within(1e-6));
        assertThat(variety.copies()).isZero();
    }

    @Test
    void a_copy_is_found_in_its_own_class_only() {
        float[] samples = {5, 8, 0, 2};
        Variety.Measure measure = Variety.measure(samples, new long[] {0, 0}, REAL, REAL_CLASSES, 2);
        measure.compare(new float[] {3, 3, 0, 2, 5, 8}, new long[] {0, 1, 0});
        assertThat(measure.result().nearest()).isZero();
        assertThat(measure.result().copies()).isEqualTo(1);
    }
}
