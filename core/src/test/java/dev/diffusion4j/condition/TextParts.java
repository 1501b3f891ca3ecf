// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** The tiny text encoders of oracle/golden_text.py; counts how often one is lent. */
final class TextParts implements AutoCloseable {
    private static final Path GOLDEN =
            Objects.requireNonNull(Golden.path("text/tokens.json").getParent());

    private final List<Model> models = new ArrayList<>();
    final AtomicInteger calls = new AtomicInteger();

    /** The encoder of {@code sd1}, {@code sd2} or {@code xl}; a second one has the suffix {@code _2}. */
    TextEncoder encoder(String pipeline, String suffix) {
        Path folder = GOLDEN.resolve(pipeline);
        String className = suffix.isEmpty() ? "CLIPTextModel" : "CLIPTextModelWithProjection";
        Component network = new Component("text_encoder" + suffix, "transformers", className, folder);
        Component tokenizer = new Component("tokenizer" + suffix, "transformers", "CLIPTokenizer", folder);
        Model model = new ComponentNetwork(network, ModelFamilies.BUILT_IN.named(className, "test"))
                .read(Devices.cpu(), Precision.F32, null);
        models.add(model);
        return new TextEncoder(network.name(), tokenizer.readTokenizer(), new LentModel() {
            @Override
            public <R> R use(Function<Model, R> body) {
                calls.incrementAndGet();
                return body.apply(model);
            }
        });
    }

    TextConditioner sd(String pipeline) {
        return TextConditioner.of(List.of(encoder(pipeline, "")), TextForm.LAST, false);
    }

    TextConditioner xl(boolean zerosForNothing) {
        return TextConditioner.of(
                List.of(encoder("xl", ""), encoder("xl", "_2")), TextForm.PENULTIMATE, zerosForNothing);
    }

    Model model(int index) {
        return models.get(index);
    }

    @Override
    public void close() {
        models.forEach(Model::close);
    }
}
