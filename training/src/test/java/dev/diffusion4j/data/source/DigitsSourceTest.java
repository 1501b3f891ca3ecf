// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.Split;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DigitsSourceTest {
    @Test
    void all_seventy_thousand_are_different() {
        DigitsSource all = new DigitsSource(Split.ALL, 0);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < all.size(); i++) {
            byte[] digest = Hashes.digest("MD5").digest(all.example(i).image().pixels());
            seen.add(ByteBuffer.wrap(digest).getLong());
        }
        assertThat(seen).hasSize(70_000);
    }

    @Test
    void the_test_part_continues_the_training_part() {
        byte[] first = new DigitsSource(Split.TEST, 0).example(0).image().pixels();
        assertThat(new DigitsSource(Split.ALL, 0).example(60_000).image().pixels())
                .isEqualTo(first);
        assertThat(new DigitsSource(Split.TRAIN, 1).example(0).image().pixels())
                .isNotEqualTo(
                        new DigitsSource(Split.TRAIN, 0).example(0).image().pixels());
    }

    /** Whoever changes a pixel raises the version, so that a run's record says which digits it saw. */
    @Test
    void a_digit_is_the_same_on_every_machine() {
        MessageDigest digest = Hashes.digest("SHA-256");
        DigitsSource digits = new DigitsSource(Split.TRAIN, 0);
        for (int i = 0; i < 2000; i++) {
            digest.update(digits.example(i).image().pixels());
        }
        assertThat(Hashes.hex(digest.digest())).startsWith("09f67d60cded99a5");
    }

    @Test
    void each_is_white_on_black_inside_the_picture() {
        DigitsSource digits = new DigitsSource(Split.TRAIN, 0);
        for (int i = 0; i < 2000; i++) {
            PixelImage image = digits.example(i).image();
            int ink = 0;
            for (int k = 0; k < 28; k++) {
                int edge = image.level(k, 0, 0) + image.level(k, 27, 0) + image.level(0, k, 0) + image.level(27, k, 0);
                assertThat(edge).as("ink on the edge of digit %d", i).isLessThan(400);
            }
            for (byte level : image.pixels()) {
                ink += (level & 0xff) > 100 ? 1 : 0;
            }
            assertThat(ink).as("bright pixels of digit %d", i).isBetween(15, 330);
        }
    }

    /** Nearest neighbours on 14×14 pixels: weaker than any network, and yet it tells them apart. */
    @Test
    void they_can_be_told_apart() {
        DigitsSource train = new DigitsSource(Split.TRAIN, 0);
        DigitsSource test = new DigitsSource(Split.TEST, 0);
        int[][] known = new int[4000][];
        for (int i = 0; i < known.length; i++) {
            known[i] = small(train.example(i).image());
        }
        int right = 0;
        for (int i = 0; i < 500; i++) {
            int[] digit = small(test.example(i).image());
            int best = -1;
            long nearest = Long.MAX_VALUE;
            for (int k = 0; k < known.length; k++) {
                long distance = distance(known[k], digit);
                if (distance < nearest) {
                    nearest = distance;
                    best = k;
                }
            }
            right += best % 10 == i % 10 ? 1 : 0;
        }
        assertThat(right).as("of 500").isGreaterThan(480);
    }

    private static int[] small(PixelImage image) {
        int[] values = new int[14 * 14];
        for (int y = 0; y < 28; y++) {
            for (int x = 0; x < 28; x++) {
                values[y / 2 * 14 + x / 2] += image.level(x, y, 0);
            }
        }
        return values;
    }

    private static long distance(int[] a, int[] b) {
        long sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (long) (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }
}
