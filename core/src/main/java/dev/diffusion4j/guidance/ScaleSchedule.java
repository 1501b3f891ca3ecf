// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import dev.diffusion4j.base.Keyed;

/** How a guidance's scale changes while noise becomes a picture. */
public enum ScaleSchedule implements Keyed {
    /** 1 always. */
    CONSTANT("constant") {
        @Override
        public double factor(double alphaBar) {
            return 1;
        }
    },
    /** ᾱ: late. */
    ALPHAS_CUMPROD("alphas_cumprod") {
        @Override
        public double factor(double alphaBar) {
            return alphaBar;
        }
    },
    /** √ᾱ: late, and cancels what the cheap gradient has too much while there is noise. */
    SQRT_ALPHAS_CUMPROD("sqrt_alphas_cumprod") {
        @Override
        public double factor(double alphaBar) {
            return Math.sqrt(alphaBar);
        }
    },
    /** √(1−ᾱ): early. */
    SQRT_ONE_MINUS_ALPHAS_CUMPROD("sqrt_one_minus_alphas_cumprod") {
        @Override
        public double factor(double alphaBar) {
            return Math.sqrt(1 - alphaBar);
        }
    },
    /** √ᾱ of the step's number in place of its timestep, as the course's code has it: nearly constant. */
    SQRT_ALPHAS_CUMPROD_BY_INDEX("sqrt_alphas_cumprod_by_index") {
        @Override
        public double factor(double alphaBar) {
            return Math.sqrt(alphaBar);
        }
    };

    private final String key;

    ScaleSchedule(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** Whether ᾱ is that of the step's number, from 0, in place of its timestep. */
    public boolean isByIndex() {
        return this == SQRT_ALPHAS_CUMPROD_BY_INDEX;
    }

    /** @param alphaBar signal's share of the variance, in [0, 1] */
    public abstract double factor(double alphaBar);
}
