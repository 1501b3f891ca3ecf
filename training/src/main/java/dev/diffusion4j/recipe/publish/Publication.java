// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.publish;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
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
import org.jspecify.annotations.Nullable;

/** A folder on its way to the Hub: which of its files go, with which card, and what that changes there. */
public final class Publication {
    private static final String CARD = "README.md";
    private static final String FIGURES = "eval.jsonl";

    private final HubRepo repo;
    private final HubPublisher publisher;
    private final HubSettings settings;
    private final Map<String, Path> files;
    private final boolean leavesState;
    private final @Nullable Path gitIgnore;
    private @Nullable Path localCard;
    private boolean keepsWordsOfHub;
    private HubPublisher.Plan plan;

    /** Whose words of a card stay, where they were changed here and on the Hub. */
    public enum CardChoice {
        HERE,
        HUB
    }

    private Publication(HubRepo repo, HubSettings settings, HubProgress progress, PublicFiles chosen) {
        this.repo = repo;
        this.settings = settings;
        leavesState = chosen.leavesState();
        gitIgnore = chosen.gitIgnore();
        files = new TreeMap<>();
        chosen.byName().forEach((name, file) -> files.put(name, PublicCopy.of(name, file)));
        publisher = new HubPublisher(settings, progress);
        plan = publisher.plan(repo, files, gitIgnore);
    }

    /**
     * Compares a folder with what the repository has; sends nothing.
     *
     * @param folder a model's or a LoRA's, a run's (of which its model or LoRA goes, with its recipe and curve), or any other
     * @param isWhole whether the state of the optimiser goes too
     * @param licence for the card, where it names none; {@code null} for none
     * @param choice whose words of the card stay, where both sides changed them; {@code null} to refuse then
     * @throws Problem (a failure) where the folder is not there or empty, nobody is logged in, or the Hub cannot be asked
     */
    public static Publication of(
            Path folder,
            HubRepo repo,
            HubSettings settings,
            HubProgress progress,
            boolean isWhole,
            @Nullable String licence,
            @Nullable CardChoice choice) {
        Publication publication = new Publication(repo, settings, progress, PublicFiles.of(folder, isWhole));
        publication.prepareCard(licence, FigureFile.read(folder.resolve(FIGURES)), choice);
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

    /** Whether the card on the Hub says other things, outside of our sections, than the one here, and goes on saying them. */
    public boolean keepsWordsOfHub() {
        return keepsWordsOfHub;
    }

    /** Whether there is a training state that is not published. */
    public boolean leavesState() {
        return leavesState;
    }

    /**
     * Sends what is new or changed; makes the repository where there is none.
     *
     * @param message its first line is the commit's title
     * @throws Problem (a failure) where it cannot be done, see {@link HubPublisher#publish}
     */
    public HubPublisher.Published send(String message, boolean isPrivate, boolean isProposed) {
        if (plan.parent() == null) {
            publisher.create(repo, isPrivate);
            plan = publisher.plan(repo, files, gitIgnore);
        }
        HubPublisher.Published published = publisher.publish(repo, plan, message, isProposed);
        if (localCard != null && !isProposed && !published.ignored().contains(CARD)) {
            String there = read(Objects.requireNonNull(files.get(CARD)));
            CardRecord.beside(localCard).write(repo, read(localCard), there);
        }
        return published;
    }

    /** With the repository's name in it, and with what readers wrote around our sections, here or on the Hub. */
    private void prepareCard(@Nullable String licence, List<Figure> figures, @Nullable CardChoice choice) {
        Path card = files.get(CARD);
        if (card == null) {
            return;
        }
        localCard = card;
        String fresh = read(card);
        if (ModelCard.isOurs(fresh) && !figures.isEmpty()) {
            fresh = CardFigures.card(figures).over(fresh);
        }
        fresh = fresh.replace(ModelCard.PLACE, repo.id());
        if (plan.changes().get(CARD) == HubPublisher.Change.CHANGED) {
            Path there = new HubClient(settings).file(repo.at(Objects.requireNonNull(plan.parent())), CARD);
            fresh = joined(fresh, read(card), read(there), choice);
        }
        if (licence != null) {
            fresh = new ModelCard(Map.of("license", licence), Map.of()).over(fresh);
        }
        files.put(CARD, PublicCopy.temporary(fresh, CARD));
        plan = publisher.plan(repo, files, gitIgnore);
    }

    /** Words that were changed on one side only win; of both, the choice. */
    private String joined(String fresh, String here, String there, @Nullable CardChoice choice) {
        if (!ModelCard.isOurs(fresh)) {
            return fresh; // whole, as any other file
        }
        CardRecord last = CardRecord.beside(Objects.requireNonNull(localCard));
        boolean isChangedHere = last.knows(repo) && last.isChangedHere(here);
        boolean isChangedThere = !last.knows(repo) || last.isChangedThere(there);
        if (isChangedHere && isChangedThere && choice == null) {
            throw Problem.failure("the card was changed here and on the Hub since it was published last: {card} here or"
                    + " {card} hub chooses whose words stay");
        }
        boolean takesHere = choice == null ? isChangedHere : choice == CardChoice.HERE;
        keepsWordsOfHub = !takesHere && !ModelCard.ownWords(there).equals(ModelCard.ownWords(fresh));
        return takesHere ? ModelCard.withKeysOf(fresh, there) : ModelCard.joined(there, fresh);
    }

    private static String read(Path card) {
        try {
            return Files.readString(card);
        } catch (IOException e) {
            throw Problem.failure("cannot read the card " + card + ": " + AtomicFile.reason(e), e);
        }
    }
}
