// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.scheduler.Scheduler;

/** Whether the channels that a network takes and predicts suit what it is used for; checked before anything is computed. */
public final class ChannelFit {
    private ChannelFit() {}

    /** @throws Problem (a wrong request) where {@code scheduler} cannot step with what {@code model} predicts */
    public static void checkDrawing(DiffusionModel model, Scheduler scheduler) {
        checkNetwork(model);
        int in = model.sampleChannels();
        int out = model.outChannels();
        if (scheduler.takesOutput(in, out)) {
            return;
        }
        String name = "scheduler '" + scheduler.algorithm().key() + "'";
        if (out == 2 * in) {
            throw Problem.request(channels(model) + ": it predicts a variance too, and " + name
                    + " as it is configured takes none: take ddpm with variance_type learned or learned_range");
        }
        throw Problem.request(
                channels(model) + ", but " + name
                        + (scheduler.takesOutput(in, 2 * in)
                                ? " with a learned variance needs " + 2 * in
                                        + " predicted channels: set its variance_type to"
                                        + " fixed_small, or take another network"
                                : " draws only with networks that predict as many channels as they take: take another network"));
    }

    /** @throws Problem (a wrong request) where {@code model} does not predict exactly what its samples are made of */
    public static void checkTraining(DiffusionModel model) {
        checkNetwork(model);
        if (model.outChannels() != model.sampleChannels()) {
            throw Problem.request(channels(model)
                    + ", but only networks that predict as many channels as they take can be"
                    + " trained"
                    + (model.outChannels() == 2 * model.sampleChannels() ? " (a variance is not learnt)" : "")
                    + ": set model.config.out_channels to " + model.sampleChannels() + ", or take another network");
        }
    }

    private static void checkNetwork(DiffusionModel model) {
        model.channelProblem().ifPresent(problem -> {
            throw Problem.request(
                    "the " + model.modelClass().name() + " cannot be used as its config says: " + problem);
        });
    }

    private static String channels(DiffusionModel model) {
        int in = model.sampleChannels();
        return "the " + model.modelClass().name() + " takes samples of " + in + (in == 1 ? " channel" : " channels")
                + " and predicts " + model.outChannels();
    }
}
