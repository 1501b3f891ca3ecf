// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai.autoconfigure;

import dev.diffusion4j.micrometer.MicrometerMeter;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceMeter;
import dev.diffusion4j.springai.DiffusionImageModel;
import dev.diffusion4j.tensor.NativeRuntime;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.observation.DefaultImageModelObservationConvention;
import org.springframework.ai.image.observation.ImageModelObservationConvention;
import org.springframework.ai.model.SpringAIModelProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * A {@link DiffusionService} of the models that {@link DiffusionProperties} name, closed with the application, and an {@link ImageModel} on it. Where Actuator is
 * there, its health has {@code diffusion}, and where there is a registry of Micrometer and {@code diffusion4j-micrometer}, what the service does is counted. Each bean
 * gives way to one of the application's.
 *
 * <p>Where an application has models of several providers, {@code spring.ai.model.image} chooses: {@value DiffusionImageModel#PROVIDER}.
 */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration",
            "org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration"
        })
@ConditionalOnClass({ImageModel.class, DiffusionService.class})
@ConditionalOnProperty(
        name = SpringAIModelProperties.IMAGE_MODEL,
        havingValue = DiffusionImageModel.PROVIDER,
        matchIfMissing = true)
@EnableConfigurationProperties(DiffusionProperties.class)
public final class DiffusionAutoConfiguration {

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    DiffusionService diffusionService(DiffusionProperties properties, ObjectProvider<ServiceMeter> meter) {
        if (properties.nativeMode() != null) {
            NativeRuntime.configure(properties.nativeMode());
        }
        return DiffusionService.open(
                properties.serviceModels(), properties.limits(meter.getIfAvailable(() -> ServiceMeter.NONE)));
    }

    @Bean
    @ConditionalOnMissingBean
    DiffusionImageModel diffusionImageModel(
            DiffusionService service,
            DiffusionProperties properties,
            ObjectProvider<ObservationRegistry> observations,
            ObjectProvider<ImageModelObservationConvention> convention) {
        return new DiffusionImageModel(
                service,
                properties.image().options(),
                observations.getIfUnique(() -> ObservationRegistry.NOOP),
                convention.getIfAvailable(DefaultImageModelObservationConvention::new));
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({MeterRegistry.class, MicrometerMeter.class})
    static class Metrics {
        @Bean
        @ConditionalOnBean(MeterRegistry.class)
        @ConditionalOnMissingBean(ServiceMeter.class)
        MicrometerMeter diffusionMeter(MeterRegistry registry) {
            return new MicrometerMeter(registry);
        }

        @Bean
        SmartInitializingSingleton diffusionGauges(
                ObjectProvider<MicrometerMeter> meter, ObjectProvider<DiffusionService> service) {
            return () -> meter.ifAvailable(found -> service.ifAvailable(found::observe));
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass({HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class})
    static class Health {
        @Bean
        @ConditionalOnMissingBean(name = "diffusionHealthIndicator")
        @ConditionalOnEnabledHealthIndicator("diffusion")
        HealthIndicator diffusionHealthIndicator(DiffusionService service) {
            return new DiffusionHealthIndicator(service);
        }
    }
}
