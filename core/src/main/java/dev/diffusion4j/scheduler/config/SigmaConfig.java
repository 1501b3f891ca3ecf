// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.config;

import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.TimestepSpacing;

/** The settings of algorithms that go by noise levels σ; what a config does not have is off. */
public interface SigmaConfig extends ChainConfig {
    /** The smallest ᾱ: σ stays finite where the terminal SNR is rescaled to zero. */
    double LAST_ALPHAS_CUMPROD = 0x1p-24;

    default boolean useKarrasSigmas() {
        return false;
    }

    default boolean useExponentialSigmas() {
        return false;
    }

    default boolean useBetaSigmas() {
        return false;
    }

    default TimestepSpacing timestepSpacing() {
        return TimestepSpacing.LINSPACE;
    }

    default int stepsOffset() {
        return 0;
    }

    default SigmaSpacing sigmaSpacing() {
        return SigmaSpacing.of(useKarrasSigmas(), useExponentialSigmas(), useBetaSigmas());
    }

    @Override
    default NoiseSchedule noiseSchedule() {
        NoiseSchedule schedule = ChainConfig.super.noiseSchedule();
        return rescaleBetasZeroSnr() ? schedule.withLastAlphasCumprod(LAST_ALPHAS_CUMPROD) : schedule;
    }
}
