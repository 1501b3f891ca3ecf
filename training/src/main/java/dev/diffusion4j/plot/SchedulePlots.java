// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import dev.diffusion4j.guidance.ScaleSchedule;
import dev.diffusion4j.image.Chart;
import dev.diffusion4j.image.Chart.Style;
import dev.diffusion4j.schedule.NoiseSchedule;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Schedules as curves over the timesteps. */
public final class SchedulePlots {
    private SchedulePlots() {}

    /** √ᾱ, the picture's share, drawn through, and √(1−ᾱ), the noise's, in dashes. */
    public static BufferedImage signalAndNoise(List<ScheduleSpec> schedules, int timesteps) {
        Chart chart = new Chart("what is left of the picture, and how much noise there is", "timestep", "");
        double[] t = timesteps(timesteps);
        for (int i = 0; i < schedules.size(); i++) {
            NoiseSchedule schedule = schedules.get(i).over(timesteps);
            String name = schedules.get(i).text();
            chart.add("√ᾱ  " + name, i, Style.LINE, t, values(timesteps, at -> Math.sqrt(schedule.alphasCumprod(at))));
            chart.add(
                    "√(1−ᾱ)  " + name,
                    i,
                    Style.DASHES,
                    t,
                    values(timesteps, at -> Math.sqrt(1 - schedule.alphasCumprod(at))));
        }
        return chart.draw();
    }

    /** How the scale of a guidance may change: none, ᾱ, √ᾱ, √(1−ᾱ). */
    public static BufferedImage guidance(ScheduleSpec spec, int timesteps) {
        NoiseSchedule schedule = spec.over(timesteps);
        Chart chart = new Chart("Possible guidance scaling schedules", "timestep", "");
        List<ScaleSchedule> shown = List.of(
                ScaleSchedule.CONSTANT,
                ScaleSchedule.ALPHAS_CUMPROD,
                ScaleSchedule.SQRT_ALPHAS_CUMPROD,
                ScaleSchedule.SQRT_ONE_MINUS_ALPHAS_CUMPROD);
        List<String> names = List.of(
                "no scaling (constant)",
                "ᾱ (alphas_cumprod)",
                "√ᾱ (sqrt_alphas_cumprod)",
                "√(1−ᾱ) (sqrt_one_minus_alphas_cumprod)");
        for (int i = 0; i < shown.size(); i++) {
            ScaleSchedule scale = shown.get(i);
            chart.add(
                    names.get(i),
                    i,
                    Style.LINE,
                    timesteps(timesteps),
                    values(timesteps, at -> scale.factor(schedule.alphasCumprod(at))));
        }
        return chart.draw();
    }

    private static double[] timesteps(int count) {
        return IntStream.range(0, count).asDoubleStream().toArray();
    }

    private static double[] values(int count, IntToDoubleFunction value) {
        return IntStream.range(0, count).mapToDouble(value).toArray();
    }
}
