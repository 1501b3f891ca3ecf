// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.springai.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceMeter;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.springai.DiffusionImageModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** What an application has that does nothing but set properties. */
@Timeout(60)
class DiffusionAutoConfigurationTest {
    private static final String TEXT = "../../core/src/test/resources/golden/tiny-sd";
    private static final String WORDLESS = "../../core/src/test/resources/golden/tiny-pipeline";

    private final ApplicationContextRunner empty =
            new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(DiffusionAutoConfiguration.class));
    private final ApplicationContextRunner runner =
            empty.withPropertyValues("diffusion4j.model=" + TEXT, "diffusion4j.image.steps=2");

    @Test
    void the_place_of_a_model_is_enough() {
        AtomicReference<DiffusionService> service = new AtomicReference<>();
        runner.run(context -> {
            service.set(context.getBean(DiffusionService.class));
            assertThat(service.get().models()).containsExactly("tiny-sd");
            assertThat(service.get().config()).isEqualTo(ServiceConfig.DEFAULT);
            ImageModel model = context.getBean(ImageModel.class);
            assertThat(model.call(new ImagePrompt("a cat")).getResults()).hasSize(1);
        });
        assertThat(service.get().isOpen()).as("closed with the application").isFalse();
    }

    @Test
    void properties_are_limits_of_the_service_and_options_of_the_model() {
        runner.withPropertyValues(
                        "diffusion4j.models.wordless=" + WORDLESS,
                        "diffusion4j.queue=3",
                        "diffusion4j.workers=1",
                        "diffusion4j.threads=1",
                        "diffusion4j.batch=2",
                        "diffusion4j.shares=true",
                        "diffusion4j.memory=8GB",
                        "diffusion4j.timeout=90s",
                        "diffusion4j.closing=5s",
                        "diffusion4j.precision=f32",
                        "diffusion4j.device=cpu",
                        "diffusion4j.image.guidance-scale=4",
                        "diffusion4j.image.negative-prompt=rain",
                        "diffusion4j.image.width=32",
                        "diffusion4j.image.height=16",
                        "diffusion4j.image.seed=7")
                .run(context -> {
                    DiffusionService service = context.getBean(DiffusionService.class);
                    assertThat(service.models()).containsExactly("tiny-sd", "wordless");
                    assertThat(service.config()).isEqualTo(ServiceConfig.DEFAULT.with(c -> {
                        c.queue = 3;
                        c.threads = 1;
                        c.batch = 2;
                        c.shares = true;
                        c.memory = 8L << 30;
                        c.timeout = Duration.ofSeconds(90);
                        c.closing = Duration.ofSeconds(5);
                    }));
                    assertThat(context.getBean(DiffusionImageModel.class).options())
                            .satisfies(options -> {
                                assertThat(options.steps()).isEqualTo(2);
                                assertThat(options.guidanceScale()).isEqualTo(4);
                                assertThat(options.negativePrompt()).isEqualTo("rain");
                                assertThat(options.width()).isEqualTo(32);
                                assertThat(options.seed()).isEqualTo(7);
                            });
                });
    }

    @Test
    void an_application_without_a_model_or_with_a_wrong_limit_is_given_the_property_to_change() {
        empty.run(context -> assertThat(analysis(context.getStartupFailure()).getDescription())
                .startsWith("'diffusion4j.model' is missing"));
        runner.withPropertyValues("diffusion4j.queue=-1")
                .run(context -> assertThat(analysis(context.getStartupFailure()).getDescription())
                        .isEqualTo("'diffusion4j.queue' must be >= 0, but was -1"));
        empty.withPropertyValues("diffusion4j.model=nowhere")
                .run(context -> assertThat(analysis(context.getStartupFailure()).getDescription())
                        .contains("nowhere"));
    }

    private static FailureAnalysis analysis(Throwable failure) {
        return Objects.requireNonNull(new ProblemFailureAnalyzer().analyze(failure));
    }

    @Test
    void native_settings_are_chosen_before_anything_else_and_once() {
        runner.withPropertyValues("diffusion4j.native=apply")
                .run(context -> assertThat(context).hasNotFailed());
        runner.withPropertyValues("diffusion4j.native=keep")
                .run(context -> assertThat(analysis(context.getStartupFailure()).getDescription())
                        .contains("cannot be 'keep' any more"));
    }

    @Test
    void another_provider_or_beans_of_the_application_take_its_place() {
        runner.withPropertyValues("spring.ai.model.image=openai").run(context -> assertThat(context)
                .doesNotHaveBean(DiffusionService.class)
                .doesNotHaveBean(ImageModel.class));
        runner.withPropertyValues("spring.ai.model.image=diffusion4j")
                .withBean(
                        "mine",
                        DiffusionService.class,
                        () -> DiffusionService.open(
                                Map.of("mine", ServiceModel.at(Path.of(WORDLESS))), ServiceConfig.DEFAULT))
                .run(context -> {
                    assertThat(context).hasSingleBean(DiffusionService.class).hasSingleBean(ImageModel.class);
                    assertThat(context.getBean(DiffusionService.class).models()).containsExactly("mine");
                });
    }

    @Test
    void what_the_service_does_is_counted_where_there_is_a_registry() {
        runner.withPropertyValues("diffusion4j.image.scheduler=ddim")
                .withBean(SimpleMeterRegistry.class)
                .run(context -> {
                    context.getBean(ImageModel.class).call(new ImagePrompt("a cat"));
                    MeterRegistry registry = context.getBean(MeterRegistry.class);
                    assertThat(registry.get("diffusion4j.steps").timer().count())
                            .isEqualTo(2);
                    assertThat(registry.get("diffusion4j.networks.memory")
                                    .gauge()
                                    .value())
                            .isPositive();
                });
        runner.run(context -> assertThat(context).doesNotHaveBean(ServiceMeter.class));
    }

    @Test
    void health_says_whether_it_takes_requests() {
        runner.run(context -> {
            HealthIndicator health = context.getBean("diffusionHealthIndicator", HealthIndicator.class);
            Health up = Objects.requireNonNull(health.health());
            assertThat(up.getStatus()).isEqualTo(Status.UP);
            assertThat(up.getDetails()).containsEntry("running", 0L).containsKeys("models", "queue", "networkBytes");
            context.getBean(DiffusionService.class).close();
            assertThat(Objects.requireNonNull(health.health()).getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
        });
        runner.withPropertyValues("management.health.diffusion.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(HealthIndicator.class));
    }

    @Test
    void nothing_of_actuator_or_micrometer_need_be_there() {
        runner.withClassLoader(new FilteredClassLoader(
                        "org.springframework.boot.health", "io.micrometer.core", "dev.diffusion4j.micrometer"))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .hasSingleBean(ImageModel.class)
                        .doesNotHaveBean("diffusionHealthIndicator"));
    }

    @Test
    void editors_know_the_properties() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                getClass().getResourceAsStream("/META-INF/spring-configuration-metadata.json"))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("\"diffusion4j.queue\"", "Jobs that wait beside those at work")
                    .contains("\"diffusion4j.image.guidance-scale\"", "How strongly the prompt counts.")
                    .contains("\"diffusion4j.native\"");
        }
    }
}
