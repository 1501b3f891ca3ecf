// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.bytedeco.pytorch.global.torch.get_cpu_capability;
import static org.bytedeco.pytorch.global.torch.get_num_threads;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.layer.BatchNorm2d;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Device;

/**
 * What was chosen for this machine when a run began. All of it changes the last bits of the results, so it is stored in every
 * checkpoint and used again when the run is resumed.
 *
 * @param dtype f32 or bf16
 * @param channelsLast the memory layout of samples and convolution weights
 * @param threads LibTorch's threads in all
 * @param shards 1, or 2 for a batch that is split over two threads which share the weights
 * @param lanes width of the vector kernels; 0 where they were not at hand
 * @param instructions the processor's instruction set, as LibTorch names it
 * @param device where the network computes; checkpoints of runs on the CPU may lack it
 */
public record Choices(
        Precision dtype, boolean channelsLast, int threads, int shards, int lanes, String instructions, String device) {
    /** Plain and slow; for reading. */
    public static final Choices DEFAULT = new Choices(Precision.F32, false, 1, 1, 0, "DEFAULT", "cpu");

    public Choices {
        Check.that(dtype != Precision.AUTO, "the dtype must be chosen: f32 or bf16");
        Check.positive(threads, "threads");
        // two gradients have the same sum in any order; three have not
        Check.inRange(shards, 1, 2, "shards");
        Check.notNegative(lanes, "lanes");
    }

    /**
     * What is fastest here, by what was measured on machines of several kinds: bf16 where the processor is fast in it, channels
     * last where the vector kernels can be used (LibTorch's own norm is slow there), two shards where there are two threads. A
     * network that looks at the whole batch is not given half of it.
     *
     * @param wanted where to compute and in what; its dtype {@code AUTO} asks the probe
     * @param batchSize of one forward pass
     * @param networks borrowed; where one has batch norms whose statistics are those of the batch, the batch is not split
     */
    public static Choices forThisMachine(Placement wanted, int batchSize, Collection<Model> networks) {
        Device device = wanted.torchDevice();
        Precision dtype = dtype(wanted);
        int threads = wanted.threads() == 0 ? get_num_threads() : wanted.threads();
        boolean mayBeSplit = device.is_cpu()
                && networks.stream()
                        .flatMap(network -> BatchNorm2d.in(network).stream())
                        .noneMatch(BatchNorm2d::looksAtBatch);
        return new Choices(
                dtype,
                dtype == Precision.BF16 || VectorSupport.isAvailable(),
                threads,
                mayBeSplit && threads >= 2 && batchSize >= 2 ? 2 : 1,
                VectorSupport.lanes(),
                instructionsHere(),
                Devices.name(device));
    }

    /** {@link #forThisMachine(Placement, int, Collection)} of what an objective trains; a batch that it looks at as a whole is not split. */
    public static Choices forThisMachine(Placement wanted, int batchSize, Objective objective) {
        return forThisMachine(
                wanted,
                objective.isSeparable() ? batchSize : 1,
                objective.networks().values());
    }

    /** What is computed in: {@code AUTO} asks the probe, whose answer may be another one after the machine was measured anew. */
    public static Precision dtype(Placement wanted) {
        return SpeedProbe.resolve(wanted.dtype(), wanted.torchDevice());
    }

    /** These with all that decides what is computed from {@code other}: what another process of the same training chose. */
    public Choices as(Choices other) {
        return new Choices(other.dtype, other.channelsLast, threads, other.shards, lanes, instructions, device);
    }

    /** Where the network computes, and in what. */
    public Placement placement() {
        return new Placement(device, dtype, threads);
    }

    /** The same as far as it can be chosen, with what this machine has in place of what {@link #missingHere} names; the CPU for a card. */
    public Choices onThisMachine() {
        String place = isHere(device) ? device : Devices.name(Devices.cpu());
        return new Choices(dtype, channelsLast, threads, shards, VectorSupport.lanes(), instructionsHere(), place);
    }

    private static boolean isHere(String device) {
        return device.equals(Devices.name(Devices.cpu())) || Devices.hasCuda();
    }

    private static String instructionsHere() {
        return get_cpu_capability().getString();
    }

    /** What this machine cannot do as it was chosen, as sentences; empty where the bits will be the same. */
    public List<String> missingHere() {
        List<String> missing = new ArrayList<>();
        if (lanes != VectorSupport.lanes()) {
            missing.add(
                    "the run used vector kernels of width " + lanes + ", this machine's is " + VectorSupport.lanes());
        }
        if (!instructions.equals(instructionsHere())) {
            missing.add("the run used " + instructions + " instructions, this machine has " + instructionsHere());
        }
        if (!isHere(device)) {
            missing.add("the run computed on " + device + ", and this LibTorch sees no CUDA card");
        }
        return missing;
    }
}
