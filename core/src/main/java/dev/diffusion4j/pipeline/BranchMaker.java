// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.bytedeco.pytorch.global.torch.zeros_like;

import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.guidance.Branches;
import dev.diffusion4j.guidance.GuidanceEmbedding;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Makes the conditions of a batch's pictures, with what they are guided away from where they are guided.
 *
 * @param model borrowed
 * @param scales how strongly each picture is guided; {@code null} where all are as the request says
 */
record BranchMaker(
        PipelineSetup setup,
        DiffusionModel model,
        GenerationRequest request,
        SampleSize size,
        @Nullable List<Double> scales) {

    /** Where all pictures are guided as the request says. */
    BranchMaker(PipelineSetup setup, DiffusionModel model, GenerationRequest request, SampleSize size) {
        this(setup, model, request, size, null);
    }

    /**
     * @param first index of the batch's first picture in the call
     * @param use whether the extra channels are a picture that the sample is guided towards as well
     * @param extra what is joined to the samples, {@code float32 (count, C, H, W)}; {@code null} for nothing
     * @return tensors owned by the current scope, or by the conditioner's cache
     */
    Branches make(int first, int count, PictureUse use, @Nullable Tensor extra) {
        Conditioner conditioner = setup.conditioner(request, size);
        Conditioning text = moved(conditioner.encode(request.subject().subjects(first, count)));
        double[] scale = scales(first, count);
        if (model.guidanceFeatures() > 0) {
            Tensor embedding = GuidanceEmbedding.of(scale, model.guidanceFeatures())
                    .to(setup.placement().torchDevice(), ScalarType.Float);
            return Branches.of(joined(text.with(Conditioning.TIMESTEP_COND, embedding), extra));
        }
        if (!isGuided()) {
            return Branches.of(joined(text, extra));
        }
        Conditioning away = away(conditioner, text, first, count);
        if (use != PictureUse.EDIT || extra == null) {
            return Branches.of(List.of(joined(text, extra), joined(away, extra)), List.of(scale));
        }
        double beyond = request.inputs().pictureScale() - request.guidance().weight();
        return Branches.of(
                List.of(joined(text, extra), joined(away, extra), joined(away, zeros_like(extra))),
                List.of(scale, filled(beyond, count)));
    }

    /** How many different texts the conditions of some pictures are made of. */
    int texts(int first, int end) {
        return subjects(first, end).size() + negatives(first, end).size();
    }

    private Set<Subject> subjects(int first, int end) {
        return new LinkedHashSet<>(request.subject().subjects(first, end - first));
    }

    private Set<Subject> negatives(int first, int end) {
        List<Subject> all = request.subject().negatives(first, end - first);
        return all == null ? Set.of() : new LinkedHashSet<>(all);
    }

    /** Encodes what {@link #make} will ask for, so that the conditioner knows it. */
    void encodeAhead(int first, int end) {
        Conditioner conditioner = setup.conditioner(request, size);
        for (Subject subject : subjects(first, end)) {
            TensorScope.run(() -> {
                Conditioning text = conditioner.encode(List.of(subject));
                if (isGuided()) {
                    away(conditioner, text, first, 1);
                }
            });
        }
        if (isGuided()) {
            negatives(first, end).forEach(negative -> TensorScope.run(() -> conditioner.encodeAway(List.of(negative))));
        }
    }

    private boolean isGuided() {
        return model.guidanceFeatures() == 0 && request.guidance().weight() != 1;
    }

    private Conditioning away(Conditioner conditioner, Conditioning text, int first, int count) {
        List<Subject> negatives = request.subject().negatives(first, count);
        return negatives == null
                ? conditioner.drop(
                        text,
                        Tensors.ofDoubles(new double[count])
                                .to(setup.placement().torchDevice(), ScalarType.Float))
                : moved(conditioner.encodeAway(negatives));
    }

    private static Conditioning joined(Conditioning conditioning, @Nullable Tensor extra) {
        return extra == null ? conditioning : conditioning.with(Conditioning.EXTRA_CHANNELS, extra);
    }

    private double[] scales(int first, int count) {
        return scales == null
                ? filled(request.guidance().weight(), count)
                : scales.subList(first, first + count).stream()
                        .mapToDouble(scale -> scale)
                        .toArray();
    }

    private static double[] filled(double value, int count) {
        double[] values = new double[count];
        Arrays.fill(values, value);
        return values;
    }

    private Conditioning moved(Conditioning conditioning) {
        return conditioning.to(setup.placement().torchDevice(), ScalarType.Float);
    }
}
