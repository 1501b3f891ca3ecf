// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.config;

import dev.diffusion4j.base.Keyed;

/** At which noise level a run ends; the keys are those of {@code final_sigmas_type}. */
public enum FinalSigmasType implements Keyed {
    /** At 0. */
    ZERO("zero"),
    /** At the lowest level that was trained. */
    SIGMA_MIN("sigma_min");

    private final String key;

    FinalSigmasType(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** 0 or {@code sigmaMin}. */
    public double end(double sigmaMin) {
        return this == ZERO ? 0 : sigmaMin;
    }
}
