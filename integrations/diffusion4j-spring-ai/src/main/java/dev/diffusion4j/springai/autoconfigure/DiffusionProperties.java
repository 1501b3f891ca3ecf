// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai.autoconfigure;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceMeter;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.springai.DiffusionImageOptions;
import dev.diffusion4j.tensor.NativeMode;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.PropertyMapper;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.bind.Name;
import org.springframework.util.unit.DataSize;

/**
 * What is drawn with, within which limits; what is not set is as {@link ServiceConfig#DEFAULT} and {@link LoadOptions#DEFAULT} have it.
 *
 * @param model Place of the model: its folder, that of a finished run, org/name[@revision] on the Hub, or a single file.
 * @param models Places of several models by the names that requests use, after the one of 'model'.
 * @param device What is computed on: cpu, cuda, cuda:N or auto.
 * @param precision What is computed in.
 * @param workers Jobs that are drawn at the same time.
 * @param threads Over how many threads an operation of a worker is spread; 0 for an equal share of the processor's.
 * @param queue Jobs that wait beside those at work; one more is refused.
 * @param batch Pictures of jobs that share a batch at most, where their requests allow it.
 * @param shares Whether all requests allow it, also those that do not say so.
 * @param memory Memory that the process may take; 0 for all that the machine has.
 * @param timeout After which a job is cancelled, waiting included, where it says nothing else.
 * @param closing How long jobs may go on when the application stops.
 * @param nativeMode What is done about the settings of the process that LibTorch needs to be quick; the system property of this name counts more.
 * @param image How the image model draws, where a prompt's own options say nothing else.
 */
@ConfigurationProperties("diffusion4j")
public record DiffusionProperties(
        @Nullable String model,
        @DefaultValue Map<String, String> models,
        @Nullable String device,
        @Nullable Precision precision,
        @Nullable Integer workers,
        @Nullable Integer threads,
        @Nullable Integer queue,
        @Nullable Integer batch,
        @Nullable Boolean shares,
        @Nullable DataSize memory,
        @Nullable Duration timeout,
        @Nullable Duration closing,
        @Name("native") @Nullable NativeMode nativeMode,
        @DefaultValue Image image) {

    /**
     * How pictures are drawn.
     *
     * @param model Name of the model, where there are several.
     * @param n Pictures of a call.
     * @param width In pixels.
     * @param height In pixels.
     * @param seed Of the first picture; another one each time where none is set.
     * @param steps Of denoising.
     * @param guidanceScale How strongly the prompt counts.
     * @param negativePrompt What pictures are guided away from.
     * @param scheduler The algorithm: ddim, dpm-multistep, DPM++ 2M Karras.
     * @param strength How much of a start picture is drawn anew, above 0 and at most 1.
     * @param timeout After which a call ends, waiting included.
     * @param mostPixels That a start picture may have.
     */
    public record Image(
            @Nullable String model,
            @Nullable Integer n,
            @Nullable Integer width,
            @Nullable Integer height,
            @Nullable Long seed,
            @Nullable Integer steps,
            @Nullable Double guidanceScale,
            @Nullable String negativePrompt,
            @Nullable String scheduler,
            @Nullable Double strength,
            @Nullable Duration timeout,
            @Nullable Long mostPixels) {

        DiffusionImageOptions options() {
            return new DiffusionImageOptions(
                    model,
                    n,
                    width,
                    height,
                    seed,
                    steps,
                    guidanceScale,
                    negativePrompt,
                    scheduler,
                    strength,
                    timeout,
                    mostPixels);
        }
    }

    /** @throws Problem (a wrong request) where there is none */
    Map<String, ServiceModel> serviceModels() {
        Map<String, ServiceModel> all = new LinkedHashMap<>();
        if (model != null) {
            all.put(String.valueOf(Path.of(model).getFileName()), served(model));
        }
        models.forEach((name, place) -> all.put(name, served(place)));
        if (all.isEmpty()) {
            throw Problem.request(
                    "{model} is missing: set it to a model's folder, org/name on the Hub, or a single file");
        }
        return all;
    }

    private ServiceModel served(String place) {
        LoadOptions options = LoadOptions.DEFAULT;
        if (device != null) {
            options = options.withDevice(device);
        }
        if (precision != null) {
            options = options.withPrecision(precision);
        }
        return new ServiceModel(Path.of(place), options);
    }

    ServiceConfig limits(ServiceMeter meter) {
        PropertyMapper map = PropertyMapper.get();
        return ServiceConfig.DEFAULT.with(c -> {
            map.from(workers).to(value -> c.workers = value);
            map.from(threads).to(value -> c.threads = value);
            map.from(queue).to(value -> c.queue = value);
            map.from(batch).to(value -> c.batch = value);
            map.from(shares).to(value -> c.shares = value);
            map.from(memory).to(value -> c.memory = value.toBytes());
            map.from(timeout).to(value -> c.timeout = value);
            map.from(closing).to(value -> c.closing = value);
            c.meter = meter;
        });
    }
}
