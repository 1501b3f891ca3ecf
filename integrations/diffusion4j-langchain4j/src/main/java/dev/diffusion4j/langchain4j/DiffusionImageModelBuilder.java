// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.langchain4j;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.SamplerNames;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.JobListener;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.service.ServiceRequest;
import dev.langchain4j.exception.ModelNotFoundException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Makes a {@link DiffusionImageModel}. Either a {@link #model} or a {@link #service} must be given; all else is what suits the network. */
public final class DiffusionImageModelBuilder {
    /** Of a picture that is edited, where nothing else is said: four times 2048×2048. */
    private static final long MOST_PIXELS = 4 * 2048 * 2048;

    private @Nullable ServiceModel model;
    private @Nullable DiffusionService service;
    private ServiceConfig limits = ServiceConfig.DEFAULT;
    private @Nullable String modelName;
    private @Nullable String scheduler;
    private @Nullable Integer steps;
    private @Nullable Double guidanceScale;
    private @Nullable String negativePrompt;
    private @Nullable SampleSize size;
    private @Nullable Long seed;
    private @Nullable Double strength;
    private @Nullable Duration timeout;
    private long mostPixels = MOST_PIXELS;
    private JobListener listener = JobListener.NONE;
    private UnaryOperator<ServiceRequest> last = UnaryOperator.identity();

    DiffusionImageModelBuilder() {}

    /** A model's folder, that of a finished run, {@code org/name[@revision]} on the Hub, or a single file; with a service of its own. */
    public DiffusionImageModelBuilder model(Path place) {
        return model(ServiceModel.at(place));
    }

    /** The same, and how it is loaded. */
    public DiffusionImageModelBuilder model(ServiceModel value) {
        model = value;
        return this;
    }

    /** The limits of the service of its own. */
    public DiffusionImageModelBuilder limits(ServiceConfig value) {
        limits = value;
        return this;
    }

    /** What draws; it stays its owner's. */
    public DiffusionImageModelBuilder service(DiffusionService value) {
        service = value;
        return this;
    }

    /** Which model of the {@link #service}, the usual one where none is named; of a service of its own, what notes call it. */
    public DiffusionImageModelBuilder modelName(@Nullable String value) {
        modelName = value;
        return this;
    }

    /** The algorithm by any name that it is known by: {@code ddim}, {@code dpm-multistep}, {@code DPM++ 2M Karras}. */
    public DiffusionImageModelBuilder scheduler(@Nullable String value) {
        scheduler = value;
        return this;
    }

    /** Denoising steps. */
    public DiffusionImageModelBuilder steps(@Nullable Integer value) {
        steps = value;
        return this;
    }

    /** How strongly the prompt counts. */
    public DiffusionImageModelBuilder guidanceScale(@Nullable Double value) {
        guidanceScale = value;
        return this;
    }

    /** What all pictures are guided away from. */
    public DiffusionImageModelBuilder negativePrompt(@Nullable String value) {
        negativePrompt = value;
        return this;
    }

    /** Of the pictures. */
    public DiffusionImageModelBuilder size(int width, int height) {
        size = new SampleSize(height, width);
        return this;
    }

    /** Of the first picture of each call: equal calls draw equal pictures then. {@code null} for another one each time. */
    public DiffusionImageModelBuilder seed(@Nullable Long value) {
        seed = value;
        return this;
    }

    /** How much of a picture is drawn anew where it is edited, in (0, 1]. */
    public DiffusionImageModelBuilder strength(@Nullable Double value) {
        strength = value;
        return this;
    }

    /** After which a call ends, waiting included; {@code null} for what the service says. */
    public DiffusionImageModelBuilder timeout(@Nullable Duration value) {
        timeout = value;
        return this;
    }

    /** Pixels that a picture to be edited may have. */
    public DiffusionImageModelBuilder mostPixels(long value) {
        mostPixels = value;
        return this;
    }

    /** Sees each call on its way: progress, and previews where {@link #requests} asks for them. */
    public DiffusionImageModelBuilder listener(JobListener value) {
        listener = value;
        return this;
    }

    /** Changes each request before it is handed in, for what has no setting here: adapters, previews, sharing a batch. */
    public DiffusionImageModelBuilder requests(UnaryOperator<ServiceRequest> value) {
        last = value;
        return this;
    }

    /**
     * The model; whoever builds it closes it.
     *
     * @throws IllegalArgumentException where a setting is not allowed, or there is neither a model nor a service, or both
     * @throws ModelNotFoundException where the service has no model of that name
     * @throws dev.langchain4j.exception.LangChain4jException where the model cannot be used
     */
    public DiffusionImageModel build() {
        Check.that((model == null) != (service == null), "give either a {model} or a {service}");
        Check.positive(mostPixels, "{mostPixels}");
        Check.that(steps == null || steps > 0, "{steps} must be > 0, but was " + steps);
        try {
            DrawingSettings settings = settings().checked();
            return service == null
                    ? new DiffusionImageModel(open(Check.given(model, "{model}")), true, settings)
                    : new DiffusionImageModel(checked(service), false, settings);
        } catch (Problem e) {
            throw Problems.of(e);
        }
    }

    private DrawingSettings settings() {
        SchedulerSelection selected = SamplerNames.selection(scheduler, null, steps);
        return new DrawingSettings(
                modelName,
                selected,
                guidanceScale,
                negativePrompt,
                size,
                seed,
                strength,
                timeout,
                mostPixels,
                listener,
                last);
    }

    private DiffusionService open(ServiceModel own) {
        Path file = own.place().getFileName();
        String name = modelName != null ? modelName : String.valueOf(file);
        return DiffusionService.open(Map.of(name, own), limits);
    }

    private DiffusionService checked(DiffusionService given) {
        if (modelName != null && !given.models().contains(modelName)) {
            throw new ModelNotFoundException(
                    "there is no model '" + modelName + "'; there are: " + String.join(", ", given.models()));
        }
        return given;
    }
}
