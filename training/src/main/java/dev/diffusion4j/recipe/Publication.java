// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraFolder;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubPublisher;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.hub.ModelCard;
import dev.diffusion4j.metric.Figure;
import dev.diffusion4j.metric.FigureFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A folder on its way to the Hub: which of its files go, with which card, and what that changes there. */
public final class Publication {
    private static final String CARD = "README.md";
    private static final String FIGURES = "eval.jsonl";
    private static final String CHECKPOINTS = "checkpoints";
    /** Of a run: what others have a use for. */
    private static final List<String> OF_A_RUN = List.of("recipe.yaml", "loss.png");

    private final HubRepo repo;
    private final HubPublisher publisher;
    private final HubSettings settings;
    private final Map<String, Path> files;
    private final boolean leavesCheckpoints;
    private HubPublisher.Plan plan;

    private Publication(
            HubRepo repo,
            HubSettings settings,
            HubProgress progress,
            Map<String, Path> files,
            boolean leavesCheckpoints) {
        this.repo = repo;
        this.settings = settings;
        this.files = files;
        this.leavesCheckpoints = leavesCheckpoints;
        publisher = new HubPublisher(settings, progress);
        plan = publisher.plan(repo, files);
    }

    /**
     * Compares a folder with what the repository has; sends nothing.
     *
     * @param folder a model's or a LoRA's, a run's (of which its model or LoRA goes, with its recipe and curve), or any other
     * @param isWhole whether checkpoints go too, which hold the optimiser's state
     * @param licence for the card, where it names none; {@code null} for none
     * @throws UserError (exit code 1) where the folder is not there or empty, nobody is logged in, or the Hub cannot be asked
     */
    public static Publication of(
            Path folder,
            HubRepo repo,
            HubSettings settings,
            HubProgress progress,
            boolean isWhole,
            @Nullable String licence) {
        Map<String, Path> files = files(folder, isWhole);
        boolean leaves = !isWhole && Files.isDirectory(folder.resolve(CHECKPOINTS));
        Publication publication = new Publication(repo, settings, progress, files, leaves);
        publication.prepareCard(licence, FigureFile.read(folder.resolve(FIGURES)));
        return publication;
    }

    /** What a commit would change. */
    public HubPublisher.Plan plan() {
        return plan;
    }

    /** Whether the card that goes says under which licence the files are. */
    public boolean namesLicence() {
        Path card = files.get(CARD);
        return card != null && ModelCard.frontMatterKeys(read(card)).contains("license");
    }

    /** Whether there is a training state that stays here. */
    public boolean leavesCheckpoints() {
        return leavesCheckpoints;
    }

    /**
     * Sends what is new or changed; makes the repository where there is none.
     *
     * @param message its first line is the commit's title
     * @throws UserError (exit code 1) where it cannot be done, see {@link HubPublisher#publish}
     */
    public HubPublisher.Published send(String message, boolean isPrivate, boolean isProposed) {
        if (plan.parent() == null) {
            publisher.create(repo, isPrivate);
            plan = publisher.plan(repo, files);
        }
        return publisher.publish(repo, plan, message, isProposed);
    }

    /** With the repository's name in it, and with what was written around our sections on the Hub. */
    private void prepareCard(@Nullable String licence, List<Figure> figures) {
        Path card = files.get(CARD);
        if (card == null) {
            return;
        }
        String fresh = read(card);
        if (ModelCard.isOurs(fresh) && !figures.isEmpty()) {
            fresh = CardFigures.card(figures).over(fresh);
        }
        fresh = fresh.replace(ModelCard.PLACE, repo.id());
        if (plan.changes().get(CARD) == HubPublisher.Change.CHANGED) {
            HubClient client = new HubClient(settings);
            fresh = ModelCard.joined(read(client.file(repo.at(Objects.requireNonNull(plan.parent())), CARD)), fresh);
        }
        if (licence != null) {
            fresh = new ModelCard(Map.of("license", licence), Map.of()).over(fresh);
        }
        try {
            Path written = Files.createTempFile("card", ".md");
            written.toFile().deleteOnExit();
            files.put(CARD, Files.writeString(written, fresh));
        } catch (IOException e) {
            throw UserError.failure("cannot prepare the card " + card + ": " + AtomicFile.reason(e), e);
        }
        plan = publisher.plan(repo, files);
    }

    private static String read(Path card) {
        try {
            return Files.readString(card);
        } catch (IOException e) {
            throw UserError.failure("cannot read the card " + card + ": " + AtomicFile.reason(e), e);
        }
    }

    private static Map<String, Path> files(Path folder, boolean isWhole) {
        if (!Files.isDirectory(folder)) {
            throw UserError.failure("there is no folder " + folder);
        }
        Path root = content(folder.toAbsolutePath());
        Map<String, Path> files = below(root, isWhole);
        if (!root.equals(folder.toAbsolutePath())) {
            for (String name : OF_A_RUN) {
                if (Files.isRegularFile(folder.resolve(name))) {
                    files.putIfAbsent(name, folder.resolve(name));
                }
            }
            if (isWhole && Files.isDirectory(folder.resolve(CHECKPOINTS))) {
                below(folder.resolve(CHECKPOINTS), true)
                        .forEach((name, file) -> files.put(CHECKPOINTS + "/" + name, file));
            }
        }
        if (files.isEmpty()) {
            throw UserError.failure(folder + " holds no files to publish");
        }
        return files;
    }

    /** The model or the LoRA of a run; else the folder itself. */
    private static Path content(Path folder) {
        RunFolder run = new RunFolder(folder);
        if (!Files.exists(run.recipe())) {
            return folder;
        }
        return Files.exists(run.lora().resolve(LoraFolder.CONFIG))
                ? run.lora()
                : Files.exists(run.model().resolve("model_index.json")) ? run.model() : folder;
    }

    private static Map<String, Path> below(Path root, boolean isWhole) {
        Map<String, Path> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            all.filter(Files::isRegularFile).forEach(file -> {
                Path name = root.relativize(file);
                if (!isHidden(name) && (isWhole || !name.startsWith(CHECKPOINTS))) {
                    files.put(name.toString().replace('\\', '/'), file);
                }
            });
        } catch (IOException e) {
            throw UserError.failure("cannot read " + root + ": " + AtomicFile.reason(e), e);
        }
        return files;
    }

    private static boolean isHidden(Path name) {
        for (Path part : name) {
            if (part.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }
}
