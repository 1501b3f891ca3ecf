// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.testing.ChildJvm;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** A service writes nothing to its process's output and errors, and neither does LibTorch: all that is worth it goes to SLF4J. */
class SilenceTest {
    /** SLF4J's own provider that logs nowhere, and nothing about which one was chosen. */
    private static final List<String> NO_LOG = List.of(
            "-Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider", "-Dslf4j.internal.verbosity=ERROR");

    /** All that a job can come to, and a warning of LibTorch's. */
    static final class Work {
        public static void main(String[] arguments) {
            GenerationRequest request =
                    GenerationRequest.of(r -> r.prompt("a red cat").steps(2).count(2));
            try (DiffusionService service = DiffusionService.open(
                    Map.of("tiny", ServiceModel.at(Golden.path("tiny-sd"))), ServiceConfig.DEFAULT)) {
                service.submit(ServiceRequest.of(request).with(r -> r.previews = 1))
                        .await();
                fails(service, request.with(r -> r.batchSize(1_000_000).count(1_000_000)), Problem.class);
                Job cancelled = service.submit(request);
                cancelled.cancel();
                fails(service, request, IllegalStateException.class);
                service.submit(ServiceRequest.of(request).with(r -> r.timeout = Duration.ofNanos(1)));
            }
            torch.ones(1).std().close(); // of one number, of which LibTorch warns
        }

        private static void fails(DiffusionService service, GenerationRequest request, Class<?> expected) {
            try {
                service.submit(ServiceRequest.of(request), new JobListener() {
                            @Override
                            public void onPicture(Job job, FinishedPicture picture) {
                                throw new IllegalStateException("enough");
                            }
                        })
                        .await();
            } catch (RuntimeException e) {
                if (expected.isInstance(e)) {
                    return;
                }
                throw e;
            }
            throw new IllegalStateException("it did not fail");
        }
    }

    /** Warns, in a process whose settings are kept as they are. */
    static final class Warning {
        public static void main(String[] arguments) {
            torch.ones(1).std().close();
        }
    }

    @Test
    void neither_this_library_nor_libtorch_writes_to_the_process_s_streams() throws IOException {
        ChildJvm.Ended ended = ChildJvm.run(NO_LOG, Work.class);
        assertThat(ended.err()).isEmpty();
        assertThat(ended.out()).isEmpty();
        assertThat(ended.code()).isZero();
    }

    @Test
    void what_libtorch_writes_would_be_seen() throws IOException {
        assertThat(ChildJvm.run(NO_LOG, Warning.class).err()).contains("degrees of freedom");
    }
}
