// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.hub.HubPublisher;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.recipe.publish.Publication;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Publishes. */
@Command(
        name = "push",
        description =
                "Publish a folder: a model's, a run's (its model or LoRA, recipe and curve), or any other. Says what would"
                        + " change and asks on a terminal.",
        mixinStandardHelpOptions = true)
final class HubPush implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "FOLDER", description = "What is published; hidden files are passed over.")
    Path folder = Path.of("");

    @Parameters(
            index = "1",
            paramLabel = "REPO",
            description = "organisation/name, made where there is none, or organisation/name@branch.")
    String id = "";

    @Option(names = "--dataset", description = "It is a data set.")
    boolean isDataset;

    @Option(names = "--private", description = "Only its owners may see the repository, if it is made now.")
    boolean isPrivate;

    @Option(names = "--pull-request", description = "Propose it, for the repository's owners to accept.")
    boolean isProposed;

    @Option(
            names = "--message",
            paramLabel = "TEXT",
            defaultValue = "Upload with diffusion4j",
            description = "Of the commit; default: ${DEFAULT-VALUE}.")
    String message = "";

    @Option(
            names = "--license",
            paramLabel = "ID",
            description = "What the card says where it names none, such as apache-2.0 or cc-by-4.0.")
    @Nullable
    String license;

    @Option(
            names = "--with-checkpoints",
            description = "Publish a run's checkpoints too, which hold the state of its optimiser.")
    boolean withCheckpoints;

    @Option(
            names = "--card",
            paramLabel = "SIDE",
            description = "Whose words of the card stay, where both changed them: here or hub.")
    Publication.@Nullable CardChoice card;

    @Option(names = "--yes", description = "Do not ask. Needed where there is no terminal to ask on.")
    boolean isSure;

    @Option(names = "--dry-run", description = "Say what would change, and stop.")
    boolean isDry;

    @Override
    public Integer call() {
        HubRepo repo = HubCommand.repo(id, isDataset);
        try (HubLine line = new HubLine()) {
            Publication publication =
                    Publication.of(folder, repo, HubSettings.fromEnvironment(), line, withCheckpoints, license, card);
            HubPublisher.Plan plan = publication.plan();
            report(repo, publication);
            if (isDry || plan.changed().isEmpty()) {
                return 0;
            }
            if (!isSure && !isAgreed()) {
                spec.commandLine().getOut().println("nothing was published");
                return 0;
            }
            print(
                    publication.send(message, isPrivate, isProposed),
                    spec.commandLine().getOut(),
                    "");
        }
        return 0;
    }

    /** The address of what was published, after what was not. */
    static void print(HubPublisher.Published published, PrintWriter out, String before) {
        if (!published.ignored().isEmpty()) {
            out.println("not published, as a .gitignore says: " + String.join(", ", published.ignored()));
        }
        out.println(before + published.url());
    }

    private boolean isAgreed() {
        Console console = System.console();
        if (console == null) {
            throw Problem.request(
                    "there is no terminal to ask on: say --yes to publish this, or --dry-run to see it only");
        }
        String answer = console.readLine("publish this? [y/N] ");
        return answer != null && answer.strip().toLowerCase(Locale.ROOT).startsWith("y");
    }

    private void report(HubRepo repo, Publication publication) {
        HubPublisher.Plan plan = publication.plan();
        PrintWriter out = spec.commandLine().getOut();
        out.println(repo
                + (plan.parent() == null
                        ? ": a new repository" + (isPrivate ? ", private" : ", public")
                        : plan.isNewBranch() ? ": a new branch" : ""));
        long bytes = 0;
        for (String name : plan.changed()) {
            try {
                long size =
                        Files.size(java.util.Objects.requireNonNull(plan.files().get(name)));
                bytes += size;
                out.printf(
                        "  %-8s %,15d  %s%n",
                        String.valueOf(plan.changes().get(name)).toLowerCase(Locale.ROOT), size, name);
            } catch (IOException e) {
                throw Problem.failure("cannot read " + name + " in " + folder + ": " + AtomicFile.reason(e), e);
            }
        }
        out.printf(
                "%d files, %,d bytes; %d are there already%n",
                plan.changed().size(),
                bytes,
                plan.changes().size() - plan.changed().size());
        if (publication.leavesState()) {
            out.println("the checkpoints were not published; --with-checkpoints publishes them too");
        }
        if (publication.keepsWordsOfHub()) {
            out.println("the card keeps what is written on the Hub; --card here takes the words of this folder");
        }
        if (!isDataset && !publication.namesLicence()) {
            out.println("the card names no licence, so nobody knows what they may do with it: see --license");
        }
        out.flush();
    }
}
