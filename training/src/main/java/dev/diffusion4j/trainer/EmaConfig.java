// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;

/**
 * A moving average of the weights, which draws better pictures than the last weights: Song and Ermon (2020).
 *
 * @param form how the share of the old average grows
 * @param decay the highest share of the old average that is kept in a step
 * @param invGamma of {@code warmup}
 * @param power of {@code warmup}
 * @param saveLive whether the weights that were learnt last are saved beside the average at the end
 */
public record EmaConfig(Form form, double decay, double invGamma, double power, boolean saveLive) {
    /** The average alone is saved. */
    public EmaConfig(Form form, double decay, double invGamma, double power) {
        this(form, decay, invGamma, power, false);
    }

    public static final EmaConfig DEFAULT = new EmaConfig(Form.WARMUP, 0.9999, 1, 2.0 / 3);

    /** The share that is kept after k steps. */
    public enum Form implements Keyed {
        /** Always {@code decay}. */
        CONSTANT("constant"),
        /** 1 − (1 + k/invGamma)^(−power): diffusers' {@code EMAModel} with {@code use_ema_warmup}. */
        WARMUP("warmup"),
        /** (1 + k)/(10 + k): diffusers' {@code EMAModel} without it. */
        RAMP("ramp");

        private final String key;

        Form(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    public EmaConfig {
        Check.inRange(decay, 0, 1, "decay");
        Check.positive(invGamma, "inv_gamma");
        Check.positive(power, "power");
    }

    /** The share of the old average that step number {@code step} keeps, counted from 1. */
    public double decayAt(long step) {
        if (form == Form.CONSTANT) {
            return decay;
        }
        long k = step - 1;
        if (k <= 0) {
            return 0;
        }
        double grown = form == Form.WARMUP ? 1 - Math.pow(1 + k / invGamma, -power) : (1.0 + k) / (10 + k);
        return Math.min(decay, Math.max(0, grown));
    }
}
