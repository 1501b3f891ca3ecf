// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import java.util.function.DoubleUnaryOperator;

/** How β grows over the training timesteps; the keys are those of {@code scheduler_config.json}. */
public enum BetaSchedule implements Keyed {
    /** Evenly from start to end: Ho et al. (2020), section 4. */
    LINEAR("linear") {
        @Override
        public double[] betas(int n, double start, double end) {
            return round(linspace(start, end, n), beta -> beta);
        }
    },
    /** √β evenly: the schedule of latent diffusion, Rombach et al. (2022). */
    SCALED_LINEAR("scaled_linear") {
        @Override
        public double[] betas(int n, double start, double end) {
            return round(linspace(Math.sqrt(start), Math.sqrt(end), n), root -> {
                double rounded = (float) root;
                return rounded * rounded;
            });
        }
    },
    /** ᾱ falls as a squared cosine, β capped at 0.999: Nichol and Dhariwal (2021), eq. 17. */
    SQUAREDCOS_CAP_V2("squaredcos_cap_v2") {
        @Override
        public double[] betas(int n, double start, double end) {
            return fromAlphaBar(n, s -> {
                double cosine = Math.cos((s + 0.008) / 1.008 * Math.PI / 2);
                return cosine * cosine;
            });
        }
    },
    /** A sigmoid between −6 and 6, scaled to start … end: as in GeoDiff, Xu et al. (2022). */
    SIGMOID("sigmoid") {
        @Override
        public double[] betas(int n, double start, double end) {
            return round(linspace(-6, 6, n), x -> (float) (1 / (1 + Math.exp(-x))) * (end - start) + start);
        }
    },
    /** ᾱ = e^(−12 s). */
    EXP("exp") {
        @Override
        public double[] betas(int n, double start, double end) {
            return fromAlphaBar(n, s -> Math.exp(-12 * s));
        }
    },
    /** Log-SNR distributed as Laplace: Hang et al. (2024), improved noise schedule. */
    LAPLACE("laplace") {
        @Override
        public double[] betas(int n, double start, double end) {
            return fromAlphaBar(n, s -> {
                double lambda = -0.5 * Math.copySign(1, 0.5 - s) * Math.log(1 - 2 * Math.abs(0.5 - s) + 1e-6);
                double snr = Math.exp(lambda);
                return Math.sqrt(snr / (1 + snr));
            });
        }
    };

    private static final double MAX_BETA = 0.999;
    private static final int MAX_TIMESTEPS = 1_000_000;

    private final String key;

    BetaSchedule(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** {@code n} values of β (at most a million), rounded to f32 where the reference rounds. */
    public abstract double[] betas(int n, double start, double end);

    private static double[] fromAlphaBar(int n, DoubleUnaryOperator alphaBar) {
        double[] betas = new double[checked(n)];
        for (int i = 0; i < n; i++) {
            double from = (double) i / n;
            double to = (double) (i + 1) / n;
            betas[i] = Math.min(1 - alphaBar.applyAsDouble(to) / alphaBar.applyAsDouble(from), MAX_BETA);
        }
        return round(betas, beta -> beta);
    }

    /** {@code n} values evenly from {@code start} to {@code end}, both included. */
    static double[] linspace(double start, double end, int n) {
        double[] values = new double[checked(n)];
        for (int i = 0; i < n; i++) {
            values[i] = n == 1 ? start : start + i * (end - start) / (n - 1);
        }
        return values;
    }

    private static int checked(int n) {
        return Check.inRange(n, 1, MAX_TIMESTEPS, "num_train_timesteps");
    }

    private static double[] round(double[] values, DoubleUnaryOperator formula) {
        double[] rounded = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) formula.applyAsDouble(values[i]);
        }
        return rounded;
    }
}
