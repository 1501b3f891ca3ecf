// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Embedding;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.PartsReader;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A conditioner of an application, with a network that learns with the denoiser: a row of numbers for each colour in a caption. */
final class LearntColours implements Conditioner {
    private static final List<String> COLOURS = List.of("red", "green", "blue", "yellow", "white");
    private static final String PART = "text_encoder";

    /** Its network: row 0 is for captions without a colour. */
    static final class Table extends Model {
        /** Its settings. */
        record Config(int width) {
            static final Config DEFAULT = new Config(8);
        }

        static final ModelFamily FAMILY = ModelFamily.of(
                ModelClass.of("my.application", "ColourTable", ModelRole.TEXT_ENCODER),
                Config.DEFAULT,
                Table::new,
                null);

        private final Embedding rows;

        Table(Config config) {
            super(FAMILY.modelClass(), Records.toMap(config));
            rows = child("rows", new Embedding(COLOURS.size() + 1, config.width()));
        }
    }

    static final ModelFamilies FAMILIES = ModelFamilies.BUILT_IN.with(Table.FAMILY);

    /** For folders that a run saved. */
    static final LoadOptions LOADING = LoadOptions.DEFAULT
            .withFamilies(FAMILIES)
            .withParts(new PartsReader() {
                @Override
                public Set<String> parts() {
                    return Set.of(PART);
                }

                @Override
                public PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options) {
                    Model table = folder.network(PART)
                            .read(Devices.parse(options.device()), options.precision(), options.variant());
                    return PipelineParts.of(model).withConditioner(new LearntColours((Table) table, true));
                }
            });

    /** How many are open. */
    static final AtomicInteger OPEN = new AtomicInteger();

    private final Table table;
    private final boolean learns;

    private LearntColours(Table table, boolean learns) {
        this.table = table;
        this.learns = learns;
        OPEN.incrementAndGet();
    }

    /** Of the same numbers at each call. */
    static LearntColours fresh(boolean learns) {
        Table table = new Table(Table.Config.DEFAULT);
        try (RandomStream random = new RandomStream(11)) {
            table.initialize(random);
        }
        return new LearntColours(table, learns);
    }

    @Override
    public Subject.Kind takes() {
        return Subject.Kind.PROMPT;
    }

    @Override
    public void check(List<Subject> subjects, String field) {
        for (Subject subject : subjects) {
            if (row(subject.prompt()) == 0) {
                throw Problem.request(field, String.valueOf(subject.prompt()), "name a colour");
            }
        }
    }

    private static int row(@Nullable String prompt) {
        String words = prompt == null ? "" : prompt.toLowerCase(Locale.ROOT);
        return COLOURS.stream()
                        .filter(words::contains)
                        .findFirst()
                        .map(COLOURS::indexOf)
                        .orElse(-1)
                + 1;
    }

    @Override
    public Conditioning encode(List<Subject> subjects) {
        Tensor rows = Tensors.ofLongs(
                subjects.stream().mapToLong(subject -> row(subject.prompt())).toArray());
        return Conditioning.ofClasses(table.rows.forward(rows));
    }

    @Override
    public boolean canDrop() {
        return true;
    }

    @Override
    public Conditioning drop(Conditioning conditioning, Tensor keep) {
        return Conditioning.ofClasses(
                Objects.requireNonNull(conditioning.classLabels()).mul(keep.view(-1, 1)));
    }

    @Override
    public Map<String, Model> networks() {
        return Map.of(PART, table);
    }

    @Override
    public Set<String> learning() {
        return learns ? Set.of(PART) : Set.of();
    }

    @Override
    public void close() {
        table.close();
        OPEN.decrementAndGet();
    }
}
