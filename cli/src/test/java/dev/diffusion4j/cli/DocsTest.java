// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The documents tell the truth: their links lead somewhere, their commands exist, their code is the code. */
class DocsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");
    private static final Pattern CODE = Pattern.compile("(?s)```.*?```|`[^`\\n]+`|(?m-s)^ {4}\\S.*$");
    private static final Pattern CALL = Pattern.compile("(?:^|[\\s`(])(?:\\./)?diffuse ([a-z][a-z-]*)([^\\n`)]*)");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z_0-9-]+");
    private static final Pattern SNIPPET = Pattern.compile("(?s)<!-- from: (\\S+) -->\\s*```\\w*\\n(.*?)```");

    /** Options of other programs that the documents mention. */
    private static final Set<String> FOREIGN =
            Set.of("--add-modules", "--enable-native-access", "--logdir", "--help", "--version", "--verbose");

    private static Map<Path, String> documents() {
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            return Stream.concat(
                            Stream.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")),
                            docs.filter(file -> file.toString().endsWith(".md")))
                    .collect(Collectors.toMap(file -> file, DocsTest::read));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<MatchResult> all(Pattern pattern, String text) {
        return pattern.matcher(text).results().toList();
    }

    @Test
    void every_link_leads_to_a_file_and_to_a_heading_in_it() {
        List<String> broken = new ArrayList<>();
        documents().forEach((file, text) -> {
            for (MatchResult link : all(LINK, text)) {
                String target = link.group(1);
                if (target.startsWith("http")) {
                    continue;
                }
                String[] parts = target.split("#", 2);
                Path path = parts[0].isEmpty() ? file : file.resolveSibling(parts[0]);
                boolean found = Files.exists(path)
                        && (parts.length == 1 || anchors(read(path)).contains(parts[1]));
                if (!found) {
                    broken.add(ROOT.relativize(file) + ": " + target);
                }
            }
        });
        assertThat(broken).isEmpty();
    }

    /** As GitHub makes them. */
    private static List<String> anchors(String text) {
        return all(HEADING, text).stream()
                .map(heading -> heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\w\\- ]", "")
                        .replace(' ', '-'))
                .toList();
    }

    @Test
    void every_command_and_option_exists() {
        Map<String, CommandLine> commands = Diffuse.commandLine().getSubcommands();
        Set<String> known = new TreeSet<>(FOREIGN);
        commands.values().stream()
                .flatMap(DocsTest::withInner)
                .forEach(command ->
                        known.addAll(command.getCommandSpec().optionsMap().keySet()));
        List<String> wrong = new ArrayList<>();
        for (CommandLine command :
                commands.values().stream().flatMap(DocsTest::withInner).toList()) {
            String examples =
                    String.join("\n", command.getCommandSpec().usageMessage().footer());
            all(CALL, examples).forEach(call -> wrong.addAll(check(commands, call)));
        }
        documents().forEach((file, text) -> {
            for (MatchResult code : all(CODE, text)) {
                for (MatchResult option : all(OPTION, code.group())) {
                    if (!known.contains(option.group()) && !code.group().startsWith("```")) {
                        wrong.add(ROOT.relativize(file) + ": " + option.group());
                    }
                }
                for (MatchResult call : all(CALL, code.group())) {
                    wrong.addAll(check(commands, call));
                }
            }
        });
        assertThat(wrong).isEmpty();
    }

    /** A command and the commands in it. */
    private static Stream<CommandLine> withInner(CommandLine command) {
        return Stream.concat(Stream.of(command), command.getSubcommands().values().stream());
    }

    /** Of {@code launch} too what stands after {@code --}, which is a call of its own. */
    private static List<String> check(Map<String, CommandLine> commands, MatchResult call) {
        CommandLine outer = commands.get(call.group(1));
        String[] parts = call.group(2).split(" -- ", 2);
        List<String> wrong = new ArrayList<>(check(outer, call, parts[0]));
        if (parts.length == 2) {
            all(CALL, "diffuse " + parts[1]).forEach(inner -> wrong.addAll(check(commands, inner)));
        }
        return wrong;
    }

    private static List<String> check(CommandLine outer, MatchResult call, String words) {
        if (outer == null) {
            return List.of("no such command: " + call.group());
        }
        String next = words.trim().split(" ", 2)[0];
        CommandLine command = outer.getSubcommands().getOrDefault(next, outer);
        if (command == outer && !outer.getSubcommands().isEmpty() && next.matches("[a-z].*")) {
            return List.of("no such command: " + call.group());
        }
        Set<String> options = command.getCommandSpec().optionsMap().keySet();
        return all(OPTION, words).stream()
                .map(MatchResult::group)
                .filter(option -> !options.contains(option))
                .map(option -> "no such option: diffuse " + call.group(1) + " " + option)
                .toList();
    }

    @Test
    void the_guide_names_every_command_and_option() {
        String guide = read(ROOT.resolve("docs/guide.md"));
        Diffuse.commandLine().getSubcommands().forEach((name, command) -> {
            if (command.getCommandSpec().usageMessage().hidden()) {
                return;
            }
            Matcher section = Pattern.compile("(?s)\n## diffuse " + name + "\n(.*?)(?=\n## |\\z)")
                    .matcher(guide);
            assertThat(section.find()).as("guide.md: section diffuse %s", name).isTrue();
            withInner(command)
                    .flatMap(each -> each.getCommandSpec().options().stream())
                    .map(option -> option.longestName())
                    .filter(option -> !FOREIGN.contains(option))
                    .forEach(option ->
                            assertThat(section.group(1)).as("diffuse %s", name).contains("`" + option));
        });
    }

    @Test
    void snippets_stand_in_the_code() {
        int snippets = 0;
        for (Map.Entry<Path, String> document : documents().entrySet()) {
            for (MatchResult snippet : all(SNIPPET, document.getValue())) {
                snippets++;
                String source = plain(read(ROOT.resolve(snippet.group(1))));
                for (String part : snippet.group(2).split("(?m)^\\s*// …$")) {
                    assertThat(source)
                            .as("%s: %s", ROOT.relativize(document.getKey()), snippet.group(1))
                            .contains(plain(part));
                }
            }
        }
        assertThat(snippets).isGreaterThan(10);
    }

    /** White space and comments aside. */
    private static String plain(String code) {
        return code.replaceAll("(?m)^\\s*#.*$", "").replaceAll("\\s+", " ").trim();
    }

    @Test
    void the_readme_names_the_version_that_is_built() {
        String pom = read(ROOT.resolve("pom.xml"));
        assertThat(all(Pattern.compile("<version>(.+?)</version>"), read(ROOT.resolve("README.md"))))
                .singleElement()
                .satisfies(version -> assertThat(pom).contains(">" + version.group(1) + "<"));
    }

    @Test
    void the_readme_names_every_scheduler() {
        String readme = read(ROOT.resolve("README.md"));
        assertThat(new Choices.Schedulers())
                .allSatisfy(name -> assertThat(readme).contains("`" + name + "`"));
    }
}
