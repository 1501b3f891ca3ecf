// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.pipeline.CompanionParts;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.trainer.Choices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrozenPartsTest {
    private static final Choices CHOICES = new Choices(Precision.F32, true, 1, 1, 0, "any", "cpu");

    private final List<String> read = new ArrayList<>();
    private @Nullable Model last;
    private final FrozenParts frozen = new FrozenParts(Precision.F32);

    private void with(Set<String> learning, Consumer<PipelineParts> body) {
        with(TinySd.FOLDER, learning, body);
    }

    private void with(Path place, Set<String> learning, Consumer<PipelineParts> body) {
        PipelineFolder folder = PipelineFolder.open(place);
        Companions beside = Companions.of(folder, ModelFamilies.BUILT_IN);
        try (DiffusionModel model = (DiffusionModel) folder.network("unet").read(Devices.cpu(), Precision.F32, null);
                PipelineParts parts =
                        CompanionParts.open(beside, model, learning, Precision.F32, Set.of(), this::prepare)) {
            body.accept(parts);
        }
    }

    private void prepare(Model network) {
        frozen.accept(network);
        read.add(network.modelClass().name());
        last = network;
    }

    private boolean lastLearns() {
        return TensorScope.compute(
                () -> Objects.requireNonNull(last).stateDict().values().stream().anyMatch(Tensor::requires_grad));
    }

    @Test
    void what_no_update_uses_is_read_when_something_else_does() {
        with(Set.of(), parts -> {
            frozen.settle(parts, CHOICES);
            float[] picture = picture(parts);
            float[] states = states(parts, "a cat");
            assertThat(read).containsExactly("AutoencoderKL", "CLIPTextModel");
            frozen.keepOnlyWhileUsed(Set.of("vae"));
            states(parts, "a dog");
            assertThat(picture(parts)).isEqualTo(picture);
            picture(parts);
            assertThat(read)
                    .as("read again once, and the text encoder not")
                    .containsExactly("AutoencoderKL", "CLIPTextModel", "AutoencoderKL");
            frozen.keepOnlyWhileUsed(Set.of("vae", "text_encoder"));
            assertThat(states(parts, "a cat")).isEqualTo(states);
            assertThat(read).as("its states are known").hasSize(3);
            states(parts, "a bird");
            assertThat(read).hasSize(4).last().isEqualTo("CLIPTextModel");
        });
    }

    @Test
    void what_was_read_before_it_is_known_where_it_computes_is_read_anew() {
        with(Set.of(), parts -> {
            float[] picture = picture(parts);
            frozen.settle(parts, CHOICES);
            assertThat(picture(parts)).as("channels last now").containsExactly(picture, offset(1e-5f));
            assertThat(read).containsExactly("AutoencoderKL", "AutoencoderKL");
            assertThat(lastLearns()).isFalse();
        });
    }

    @Test
    void weights_that_were_changed_meanwhile_are_refused(@TempDir Path folder) throws IOException {
        Path place = TinySd.copyTo(folder.resolve("sd"));
        Path weights = place.resolve("vae/diffusion_pytorch_model.safetensors");
        with(place, Set.of(), parts -> {
            frozen.settle(parts, CHOICES);
            picture(parts);
            frozen.keepOnlyWhileUsed(Set.of("vae"));
            assertThat(weights.toFile().setLastModified(1_000_000_000_000L)).isTrue();
            assertThatThrownBy(() -> picture(parts))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining(weights + " was changed after it was read");
            assertThat(weights.toFile().delete()).isTrue();
            assertThatThrownBy(() -> picture(parts)).isInstanceOf(Problem.class).hasMessageContaining("vae");
        });
    }

    @Test
    void what_learns_stays() {
        with(Set.of("text_encoder"), parts -> {
            frozen.settle(parts, CHOICES);
            Model network = parts.staying().get("text_encoder");
            frozen.keepOnlyWhileUsed(Set.of("vae", "text_encoder"));
            assertThat(parts.staying()).containsOnlyKeys("text_encoder");
            assertThat(parts.staying().get("text_encoder")).isSameAs(network);
            assertThat(read).isEmpty();
        });
    }

    private static float[] picture(PipelineParts parts) {
        return TensorScope.compute(
                () -> Tensors.floats(Objects.requireNonNull(parts.codec()).decode(torch.ones(1, 4, 4, 4))));
    }

    private static float[] states(PipelineParts parts, String prompt) {
        return TensorScope.compute(() -> Tensors.floats(Objects.requireNonNull(parts.conditioner()
                .encode(List.of(Subject.ofPrompt(prompt)))
                .get(Conditioning.ENCODER_HIDDEN_STATES))));
    }
}
