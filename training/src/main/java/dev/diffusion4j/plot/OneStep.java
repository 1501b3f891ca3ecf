// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Conditioners;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.image.Images;
import dev.diffusion4j.image.PictureFit;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A network of pixels that makes one step, forward and back, with whatever picture it is shown. Close it to free the network. */
public final class OneStep implements AutoCloseable {
    private final DiffusionModel network;
    private final Scheduler scheduler;
    private final Conditioner conditioner;

    /**
     * What a step shows.
     *
     * @param noisy the picture with the noise of the step
     * @param predOriginal what the network takes it for
     * @param previous the sample one step on
     * @param timestep of the step
     * @param signalShare ᾱ there
     */
    public record Shown(
            BufferedImage noisy,
            BufferedImage predOriginal,
            BufferedImage previous,
            double timestep,
            double signalShare) {}

    private OneStep(DiffusionModel network, Scheduler scheduler) {
        this.network = network;
        this.scheduler = scheduler;
        this.conditioner = Conditioners.of(network);
    }

    /**
     * @param folder of a model
     * @throws Problem where it holds none whose samples are grey or coloured pictures
     */
    public static OneStep open(Path folder) {
        PipelineFolder files = PipelineFolder.open(folder);
        Scheduler scheduler = files.readScheduler();
        Model model = files.readModel(Devices.cpu(), Precision.F32, null);
        if (model instanceof DiffusionModel network
                && (network.sampleChannels() == 1 || network.sampleChannels() == 3)
                && network.sampleSize().isPresent()) {
            return new OneStep(network, scheduler);
        }
        model.close();
        throw Problem.failure(folder + " holds no network that denoises pixels");
    }

    /** The side of its pictures. */
    public SampleSize size() {
        return network.sampleSize().orElseThrow();
    }

    /**
     * Puts noise on a picture and takes a step of it away.
     *
     * @param picture of any size
     * @param label its class, or {@code null} for none
     * @param steps of the whole way
     * @param step from 0, which is noise alone
     * @param seed of the noise
     */
    public Shown show(BufferedImage picture, @Nullable Integer label, int steps, int step, long seed) {
        SamplingSettings settings =
                SamplingSettings.ofSteps(steps).withFirstStep(Check.inRange(step, 0, steps - 1, "step"));
        BufferedImage fitted = PictureFit.cover(picture, size().width(), size().height());
        Subject subject = label == null ? Subject.NOTHING : Subject.ofClass(label);
        return TensorScope.compute(() -> {
            try (SchedulerRun run = scheduler.start(settings);
                    NoiseSource noise = NoiseSource.shared(seed);
                    NoGradGuard guard = new NoGradGuard()) {
                Tensor clean = sample(fitted);
                Tensor sample = run.addNoise(clean, noise.like(clean));
                double timestep = run.timesteps()[run.stepIndex()];
                double signalShare = run.signalShare();
                Conditioning condition = conditioner.encode(List.of(subject));
                Tensor output = network.forward(run.scaleModelInput(sample), Tensors.ofDoubles(timestep), condition);
                StepResult back = run.step(output, sample, noise);
                return new Shown(
                        image(sample),
                        image(back.predOriginalSample()),
                        image(back.prevSample()),
                        timestep,
                        signalShare);
            }
        });
    }

    /** Grey where the network is. */
    private Tensor sample(BufferedImage picture) {
        Tensor colours = Images.toSample(picture, 3);
        return network.sampleChannels() == 3 ? colours : colours.mean(1).unsqueeze(1);
    }

    private static BufferedImage image(Tensor sample) {
        return Images.fromSamples(sample).get(0);
    }

    @Override
    public void close() {
        conditioner.close();
        network.close();
    }
}
