// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.TextConditioner;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.folder.Component;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PartContent;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartLoader;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.text.ClipTokenizer;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens the parts beside a denoiser that learns: their networks as they are in their files, not laid out for drawing. */
public final class CompanionParts {
    private static final String TEXT = "text_encoder";

    private CompanionParts() {}

    /**
     * Conditioner and codec; networks are read when they are first needed, on the CPU. Those that learn stay in memory, the others may be {@linkplain
     * PipelineParts#letGo let go}.
     *
     * @param model that they stand beside; borrowed, asked now
     * @param learning names of text encoders that learn, which are f32
     * @param frozen what networks are kept in that stay as they are
     * @param passing names of text encoders that stay as they are, but through which something learns: products within them, rows before
     *     them. Whatever they are kept in, they compute as if it were f32
     * @param prepared gets each network that stays as it is, each time it is read, before it is used
     * @return owned by the caller
     * @throws Problem naming the file and what is wrong with it, or the part that is no text encoder
     */
    public static PipelineParts open(
            Companions beside,
            DiffusionModel model,
            Set<String> learning,
            Precision frozen,
            Set<String> passing,
            Consumer<Model> prepared) {
        learning.stream()
                .filter(name -> !name.startsWith(TEXT) || !beside.components().containsKey(name))
                .findFirst()
                .ifPresent(name -> {
                    throw Problem.request("'" + name + "' is no text encoder that could learn beside the denoiser; its"
                            + " parts are "
                            + String.join(", ", beside.components().keySet()));
                });
        LoadOptions options = LoadOptions.DEFAULT.withPrecision(frozen).withFamilies(beside.families());
        Function<String, LoadOptions> each = name ->
                learning.contains(name) && !passing.contains(name) ? options.withPrecision(Precision.F32) : options;
        PartFiles files = new Files(beside, each);
        PartStore own = new PartStore();
        LoadedParts loaded = new LoadedParts(files, options, (name, network) -> {
            Precision stored = passing.contains(name) ? frozen : Precision.F32;
            boolean learns = learning.contains(name);
            PartLease lease = own.lease(name, loader(network, stored, learns ? same -> {} : prepared));
            if (learns) {
                lease.pin();
            }
            return lease;
        });
        PipelineParts parts = FolderParts.of(files, model, options, loaded);
        return parts.conditioner() instanceof TextConditioner text
                ? parts.withConditioner(text.withLearning(learning).inBatches())
                : parts;
    }

    /**
     * Not frozen: its weights may be moved, laid out anew and learnt.
     *
     * @param stored what it is kept in while it computes in f32
     */
    private static PartLoader loader(PartFiles.Network network, Precision stored, Consumer<Model> prepared) {
        Supplier<PartContent> content = network.content();
        SameFiles files = new SameFiles();
        return new PartLoader() {
            @Override
            public Model load() {
                if (content != null) {
                    files.check(content.get().weights());
                }
                Model model = network.read();
                if (stored != Precision.F32) {
                    model.store(stored.scalarType());
                }
                prepared.accept(model);
                return model;
            }

            @Override
            public @Nullable Model outline() {
                return network.outline();
            }
        };
    }

    /** Reads them into a pipeline that draws, in place of the parts of its denoiser's folder. */
    public static PartsReader reading(Companions beside) {
        return new PartsReader() {
            @Override
            public Set<String> parts() {
                return OWN.parts();
            }

            @Override
            public PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options) {
                return read(folder, model, options, new PartStore());
            }

            @Override
            public PipelineParts read(
                    PipelineFolder folder, DiffusionModel model, LoadOptions options, PartStore store) {
                return FolderParts.of(new Files(beside, part -> options), model, options, store);
            }

            @Override
            public Scheduler mended(PipelineFolder folder, Scheduler scheduler) {
                return CompanionParts.mended(beside, scheduler);
            }
        };
    }

    /** The folder's algorithm, mended where that of such models is known to be wrong. */
    public static Scheduler mended(Companions beside, Scheduler scheduler) {
        return FolderParts.mended(beside.components().keySet(), scheduler);
    }

    /** @param options of each part */
    private record Files(Companions beside, Function<String, LoadOptions> options) implements PartFiles {
        @Override
        public Optional<String> className(String part) {
            return component(part).map(Component::className);
        }

        private Optional<Component> component(String part) {
            return Optional.ofNullable(beside.components().get(part));
        }

        @Override
        public Network network(String part) {
            Component component = component(part).orElseThrow();
            String place = component.pipelineFolder().toString();
            return Network.of(
                    new ComponentNetwork(component, beside.families().named(component.className(), place)),
                    options.apply(part));
        }

        @Override
        public Map<String, @Nullable Object> config(String part) {
            return component(part).flatMap(Component::config).orElse(Map.of());
        }

        @Override
        public Optional<ClipTokenizer> tokenizer(String part) {
            return component(part).map(Component::readTokenizer);
        }

        @Override
        public Optional<Object> setting(String key) {
            return Optional.ofNullable(beside.setting(key));
        }

        @Override
        public String place() {
            return "the recipe";
        }
    }
}
