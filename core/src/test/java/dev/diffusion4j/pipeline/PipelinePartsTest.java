// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.codec.Moments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Who closes the conditioner and the codec of a pipeline, and when. */
class PipelinePartsTest {
    private static final Path FOLDER = Golden.path("tiny-pipeline");
    private static final GenerationRequest REQUEST = GenerationRequest.of(r -> r.steps(2));

    private int conditioners;
    private int codecs;

    private final class CountedConditioner implements Conditioner {
        @Override
        public Subject.Kind takes() {
            return Subject.Kind.NOTHING;
        }

        @Override
        public void check(List<Subject> subjects, String field) {}

        @Override
        public Conditioning encode(List<Subject> subjects) {
            return Conditioning.NONE;
        }

        @Override
        public boolean canDrop() {
            return false;
        }

        @Override
        public Conditioning drop(Conditioning conditioning, Tensor keep) {
            throw new IllegalStateException("there is nothing to drop");
        }

        @Override
        public void close() {
            conditioners++;
        }
    }

    private class CountedCodec implements SampleCodec {
        @Override
        public long[] shape(SampleSize size) {
            return new long[] {1, size.height(), size.width()};
        }

        @Override
        public int pictureChannels() {
            return 1;
        }

        @Override
        public Moments moments(Tensor pictures) {
            return Moments.exact(pictures);
        }

        @Override
        public Tensor decode(Tensor samples) {
            assertThat(codecs).as("it is open").isZero();
            return samples;
        }

        @Override
        public void close() {
            codecs++;
        }
    }

    private PipelineParts parts() {
        return new PipelineParts(new CountedConditioner(), new CountedCodec());
    }

    private static DiffusionModel model() {
        return (DiffusionModel) PipelineFolder.open(FOLDER).readModel(Devices.cpu(), Precision.F32, null);
    }

    private void assertClosed(int times) {
        assertThat(List.of(conditioners, codecs)).containsOnly(times);
    }

    @Test
    void a_pipeline_closes_the_parts_that_it_owns_once_and_its_views_close_nothing() {
        DiffusionPipeline pipeline =
                DiffusionPipeline.of(model(), PipelineFolder.open(FOLDER).readScheduler(), parts());
        try (DiffusionPipeline view = pipeline.withScheduler(pipeline.scheduler());
                GenerationResult drawn = view.generate(REQUEST)) {
            assertThat(drawn.images()).hasSize(1);
        }
        assertClosed(0);
        pipeline.close();
        pipeline.close();
        assertClosed(1);
        assertThatIllegalStateException().isThrownBy(() -> pipeline.generate(REQUEST));
    }

    @Test
    void parts_stay_open_until_the_call_that_uses_them_has_ended() {
        DiffusionPipeline pipeline =
                DiffusionPipeline.of(model(), PipelineFolder.open(FOLDER).readScheduler(), parts());
        StepListener closing = event -> {
            pipeline.close();
            assertClosed(0);
        };
        pipeline.generate(REQUEST, closing, new Cancellation()).close();
        assertClosed(1);
    }

    @Test
    void borrowed_parts_stay_their_owners() {
        try (DiffusionModel model = model()) {
            Placement placement = new Placement("cpu", Precision.F32, 0);
            DiffusionPipeline.borrowing(model, PipelineFolder.open(FOLDER).readScheduler(), parts(), placement)
                    .close();
            assertClosed(0);
            assertThat(model.parameterCount()).isPositive();
        }
    }

    @Test
    void parts_that_a_reader_made_are_closed_with_the_pipeline_that_was_loaded() {
        PartsReader reader = new PartsReader() {
            @Override
            public Set<String> parts() {
                return Set.of();
            }

            @Override
            public PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options) {
                return PipelinePartsTest.this.parts();
            }
        };
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER, LoadOptions.DEFAULT.withParts(reader))) {
            assertThat(pipeline.codec()).isInstanceOf(CountedCodec.class);
        }
        assertClosed(1);
    }

    @Test
    void two_parts_of_one_name_are_refused() {
        try (DiffusionModel model = model()) {
            CountedCodec named = new CountedCodec() {
                @Override
                public Map<String, Model> networks() {
                    return Map.of("unet", model);
                }
            };
            try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER)) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> pipeline.withCodec(named).save(Path.of("target/never-written")))
                        .withMessageContaining("cannot be named 'unet'");
            }
            assertThat(Path.of("target/never-written")).doesNotExist();
        }
    }

    @Test
    void a_part_that_a_folder_does_not_have_is_named_with_those_that_it_has() {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> PipelineFolder.open(FOLDER).network("text_encoder"))
                .withMessageContaining("names no part 'text_encoder'; its parts are ")
                .withMessageContaining("unet");
    }
}
