// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProportionTest {
    /** By scipy 1.17.1: {@code scipy.stats.binomtest(right, of).proportion_ci(confidence_level=0.95, method="wilson")}. */
    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource({
        "470, 500, 0.9156389368747802, 0.9576516435190539",
        "388, 500, 0.7374303353251315, 0.8103610287400917",
        "0, 10, 0.0, 0.27753279986288926",
        "10, 10, 0.7224672001371109, 1.0",
        "1, 3, 0.06149194472039626, 0.7923403991979523",
        "9, 7120, 0.0006651759062192276, 0.002400790531544512"
    })
    void the_interval_is_scipys(int right, int of, double low, double high) {
        Proportion share = new Proportion(right, of);
        assertThat(share.low()).isCloseTo(low, within(1e-14));
        assertThat(share.high()).isCloseTo(high, within(1e-14));
        assertThat(share.share()).isEqualTo((double) right / of);
    }

    @Test
    void of_nothing_nothing_is_known() {
        Proportion none = new Proportion(0, 0);
        assertThat(none.low()).isZero();
        assertThat(none.high()).isEqualTo(1);
        assertThatThrownBy(() -> new Proportion(4, 3)).hasMessageContaining("right");
    }
}
