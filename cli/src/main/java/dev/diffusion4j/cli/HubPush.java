// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.evaluation.ModelFolders;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubPublisher;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.hub.ModelCard;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Publishes. */
@Command(
        name = "push",
        description =
                "Publish a folder: a model's, a run's (its model, recipe and curve; no checkpoints), or any other. Says what would"
                        + " change and asks on a terminal.",
        mixinStandardHelpOptions = true)
final class HubPush implements Callable<Integer> {
    /** Of a run: what others have a use for. */
    private static final String[] OF_A_RUN = {"recipe.yaml", "loss.png"};

    private static final String CARD = "README.md";

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

    @Option(names = "--yes", description = "Do not ask. Needed where there is no terminal to ask on.")
    boolean isSure;

    @Option(names = "--dry-run", description = "Say what would change, and stop.")
    boolean isDry;

    @Override
    public Integer call() {
        HubRepo repo = HubCommand.repo(id, isDataset);
        Map<String, Path> files = files();
        try (HubLine line = new HubLine()) {
            HubPublisher publisher = new HubPublisher(HubSettings.fromEnvironment(), line);
            HubPublisher.Plan plan = publisher.plan(repo, files);
            if (files.containsKey(CARD)) {
                files.put(CARD, card(repo, java.util.Objects.requireNonNull(files.get(CARD)), plan));
                plan = publisher.plan(repo, files);
            }
            tell(repo, plan);
            if (isDry || plan.changed().isEmpty()) {
                return 0;
            }
            if (!isSure && !isAgreed()) {
                spec.commandLine().getOut().println("nothing was published");
                return 0;
            }
            if (plan.parent() == null) {
                publisher.create(repo, isPrivate);
                plan = publisher.plan(repo, files);
            }
            spec.commandLine()
                    .getOut()
                    .println(publisher.publish(repo, plan, message, isProposed).url());
        }
        return 0;
    }

    /** With the repository's name in it, and with what was written around our sections on the Hub. */
    private static Path card(HubRepo repo, Path card, HubPublisher.Plan plan) {
        try {
            String fresh = Files.readString(card).replace(ModelCard.PLACE, repo.id());
            if (plan.changes().get(CARD) == HubPublisher.Change.CHANGED) {
                HubClient client = new HubClient(HubSettings.fromEnvironment());
                fresh = ModelCard.joined(
                        Files.readString(client.file(repo.at(String.valueOf(plan.parent())), CARD)), fresh);
            }
            Path written = Files.createTempFile("card", ".md");
            written.toFile().deleteOnExit();
            return Files.writeString(written, fresh);
        } catch (IOException e) {
            throw UserError.failure("cannot prepare the card " + card + ": " + AtomicFile.reason(e), e);
        }
    }

    private boolean isAgreed() {
        Console console = System.console();
        if (console == null) {
            throw UserError.usage(
                    "there is no terminal to ask on: say --yes to publish this, or --dry-run to see it only");
        }
        String answer = console.readLine("publish this? [y/N] ");
        return answer != null && answer.strip().toLowerCase(Locale.ROOT).startsWith("y");
    }

    private void tell(HubRepo repo, HubPublisher.Plan plan) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                repo + (plan.parent() == null ? ": a new repository" + (isPrivate ? ", private" : ", public") : ""));
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
                throw UserError.failure("cannot read " + name + " in " + folder + ": " + AtomicFile.reason(e), e);
            }
        }
        out.printf(
                "%d files, %,d bytes; %d are there already%n",
                plan.changed().size(),
                bytes,
                plan.changes().size() - plan.changed().size());
        out.flush();
    }

    private Map<String, Path> files() {
        if (!Files.isDirectory(folder)) {
            throw UserError.failure("there is no folder " + folder);
        }
        Path model = ModelFolders.modelOf(folder.toAbsolutePath());
        Map<String, Path> files = below(model);
        if (!model.equals(folder.toAbsolutePath())) {
            for (String name : OF_A_RUN) {
                if (Files.isRegularFile(folder.resolve(name))) {
                    files.putIfAbsent(name, folder.resolve(name));
                }
            }
        }
        if (files.isEmpty()) {
            throw UserError.failure(folder + " holds no files to publish");
        }
        return files;
    }

    private static Map<String, Path> below(Path root) {
        Map<String, Path> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            all.filter(Files::isRegularFile).forEach(file -> {
                Path name = root.relativize(file);
                for (Path part : name) {
                    if (part.toString().startsWith(".")) {
                        return;
                    }
                }
                files.put(name.toString().replace('\\', '/'), file);
            });
        } catch (IOException e) {
            throw UserError.failure("cannot read " + root + ": " + AtomicFile.reason(e), e);
        }
        return files;
    }
}
