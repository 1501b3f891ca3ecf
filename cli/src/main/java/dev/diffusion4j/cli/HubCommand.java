// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubContents;
import dev.diffusion4j.hub.HubEntry;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.hub.HubToken;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What is asked of the Hub by itself; a model's or a data set's id is taken by the other commands too. */
@Command(
        name = "hub",
        description =
                "The Hugging Face Hub: log in, look at repositories, fetch and publish them. Settings are those of its Python client:"
                        + " HF_HOME, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE, ...",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExamples:%n",
        footer = {"  diffuse hub pull google/ddpm-cifar10-32", "  diffuse hub push runs/mine me/mine --dry-run"},
        mixinStandardHelpOptions = true,
        subcommands = {
            HubCommand.Login.class,
            HubCommand.WhoAmI.class,
            HubCommand.Pull.class,
            HubPush.class,
            HubCommand.Files.class
        })
final class HubCommand implements Runnable {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
        throw new ParameterException(spec.commandLine(), "which command? choose one of the list above");
    }

    /** Which repository is meant. */
    static final class Repository {
        @Parameters(paramLabel = "REPO", description = "organisation/name, or organisation/name@revision.")
        String id = "";

        @Option(names = "--dataset", description = "It is a data set, not a model.")
        boolean isDataset;

        HubRepo repo() {
            return HubCommand.repo(id, isDataset);
        }
    }

    static HubRepo repo(String id, boolean isDataset) {
        HubRepo.Type type = isDataset ? HubRepo.Type.DATASET : HubRepo.Type.MODEL;
        return HubRepo.parse(type, id)
                .orElseThrow(() -> Problem.request("'" + id + "' is no repository: write it as organisation/name, or"
                        + " organisation/name@revision"));
    }

    /** Keeps a token. */
    @Command(
            name = "login",
            description =
                    "Keep a token of the Hub's settings, Access Tokens, where the Python client finds it too. It is asked for on"
                            + " a terminal, else read from standard input.",
            mixinStandardHelpOptions = true)
    static final class Login implements Callable<Integer> {
        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() throws IOException {
            HubSettings settings = HubSettings.withoutToken();
            String text = read();
            if (text.isEmpty()) {
                throw Problem.request("no token was given: copy one from " + settings.endpoint() + "/settings/tokens");
            }
            HubSettings known = settings.withToken(HubToken.of(text, "standard input"));
            String name = new HubClient(known).whoAmI().orElseThrow();
            known.keepToken();
            spec.commandLine().getOut().println("logged in as " + name + "; the token is in " + settings.tokenFile());
            return 0;
        }

        private static String read() throws IOException {
            Console console = System.console();
            if (console != null) {
                char[] typed = console.readPassword("token (it is not shown): ");
                return typed == null ? "" : new String(typed).strip();
            }
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            String line = in.readLine();
            return line == null ? "" : line.strip();
        }
    }

    /** Whose token it is. */
    @Command(name = "whoami", description = "Whose token it is.", mixinStandardHelpOptions = true)
    static final class WhoAmI implements Callable<Integer> {
        @Spec
        CommandSpec spec = CommandSpec.create();

        @Override
        public Integer call() {
            HubSettings settings = HubSettings.fromEnvironment();
            spec.commandLine()
                    .getOut()
                    .println(new HubClient(settings)
                            .whoAmI()
                            .orElseThrow(() -> Problem.failure("you are not logged in: there is no HF_TOKEN and no "
                                    + settings.tokenFile() + "; diffuse hub login")));
            return 0;
        }
    }

    /** Fetches. */
    @Command(
            name = "pull",
            description =
                    "Fetch a repository into the cache and print where it is. Of a model only what is needed to draw with it,"
                            + " unless --include says otherwise.",
            mixinStandardHelpOptions = true)
    static final class Pull implements Callable<Integer> {
        @Spec
        CommandSpec spec = CommandSpec.create();

        @Mixin
        Repository repository = new Repository();

        @Option(
                names = "--include",
                paramLabel = "PATTERN",
                description = "Only files whose paths match, '*.json' or 'unet/**' for example; repeatable.")
        List<String> include = List.of();

        @Override
        public Integer call() {
            HubRepo repo = repository.repo();
            List<PathMatcher> patterns = include.stream().map(Pull::pattern).toList();
            PrintWriter out = spec.commandLine().getOut();
            try (HubLine line = new HubLine()) {
                out.println(
                        patterns.isEmpty() && !repository.isDataset
                                ? PipelinePlace.fetch(repo, line)
                                : fetch(repo, patterns, new HubClient(HubSettings.fromEnvironment(), line)));
            }
            return 0;
        }

        private Path fetch(HubRepo repo, List<PathMatcher> patterns, HubClient hub) {
            HubContents there = hub.contents(repo);
            Predicate<String> isIncluded =
                    path -> patterns.isEmpty() || patterns.stream().anyMatch(pattern -> pattern.matches(Path.of(path)));
            if (!there.hasAny(isIncluded)) {
                String what =
                        patterns.isEmpty() ? "" : " that matches --include '" + String.join("', '", include) + "'";
                throw there.isWhole()
                        ? Problem.failure(repo + " has no file" + what + ": diffuse hub ls " + repo
                                + (repository.isDataset ? " --dataset" : "") + " lists what it has")
                        : hub.unknown(there, "a file" + what);
            }
            return hub.fetch(there, isIncluded);
        }

        private static PathMatcher pattern(String text) {
            try {
                return FileSystems.getDefault().getPathMatcher("glob:" + text);
            } catch (PatternSyntaxException e) {
                throw Problem.request("--include: '" + text + "' is no pattern of paths (" + e.getDescription()
                        + "): write '*.json' or 'unet/**' for example");
            }
        }
    }

    /** Lists. */
    @Command(
            name = "ls",
            description = "List the files of a repository with their sizes.",
            mixinStandardHelpOptions = true)
    static final class Files implements Callable<Integer> {
        @Spec
        CommandSpec spec = CommandSpec.create();

        @Mixin
        Repository repository = new Repository();

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            long sum = 0;
            for (HubEntry entry : new HubClient(HubSettings.fromEnvironment()).list(repository.repo())) {
                out.printf("%,15d  %s%n", entry.size(), entry.path());
                sum += Math.max(0, entry.size());
            }
            out.printf("%,15d  in all%n", sum);
            return 0;
        }
    }
}
