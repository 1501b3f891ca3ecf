// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.testing.ChildJvm;
import dev.diffusion4j.testing.Golden;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What is done to the process before LibTorch loads, and what is said where it cannot be. Most needs a fresh process. */
class NativeRuntimeTest {
    private static final String NOWHERE = "/dev/null/nowhere";
    /** Folders in which nothing can be made, also by root. */
    private static final List<String> NO_FOLDERS = List.of("-Duser.home=" + NOWHERE, "-Djava.io.tmpdir=" + NOWHERE);

    private static ChildJvm.Ended start(String what, String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of("-Djava.util.logging.SimpleFormatter.format=%5$s%n"));
        all.addAll(Arrays.asList(options));
        ChildJvm.Ended ended = ChildJvm.run(all, Start.class, what);
        assertThat(ended.code()).as(ended.err()).isZero();
        return ended;
    }

    /** Prints what a fresh process comes to. */
    static final class Start {
        public static void main(String[] arguments) throws Exception {
            try {
                switch (arguments[0]) {
                    case "draw" -> System.out.println(Arrays.hashCode(draw()));
                    case "check" -> print(NativeRuntime.configure(NativeMode.CHECK));
                    case "late" -> {
                        Pointer.totalBytes();
                        print(NativeRuntime.configure());
                    }
                    case "read-only" -> {
                        NativeFolder.use(Path.of(System.getProperty("natives")));
                        print(NativeRuntime.configure());
                    }
                    case "two" -> drawInTwoClassLoaders();
                    default -> print(NativeRuntime.configure());
                }
            } catch (Problem e) {
                System.out.println("problem: " + e.getMessage());
                try {
                    TensorScope.run(() -> {});
                } catch (Problem again) {
                    System.out.println("again: " + again.getMessage().equals(e.getMessage()));
                }
            }
        }

        private static void print(NativeRuntime.Status status) {
            System.out.println(status.mode());
            status.settings().forEach(setting -> System.out.println("set: " + setting));
            status.warnings().forEach(warning -> System.out.println("missing: " + warning));
        }

        /** Called by its name in other class loaders. */
        public static int[] draw() {
            GenerationRequest request = GenerationRequest.of(r -> r.steps(2).seed(1));
            try (DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-pipeline"));
                    GenerationResult result = pipeline.generate(request)) {
                BufferedImage image = result.images().get(0);
                return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
            }
        }

        private static void drawInTwoClassLoaders() throws Exception {
            List<URL> places = new ArrayList<>();
            for (String each : System.getProperty("java.class.path").split(File.pathSeparator)) {
                places.add(url(each));
            }
            for (int i = 0; i < 2; i++) {
                ClassLoader own = new URLClassLoader(places.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
                var draw = own.loadClass(Start.class.getName()).getMethod("draw");
                draw.setAccessible(true);
                System.out.println(Arrays.hashCode((int[]) draw.invoke(null)));
            }
        }

        private static URL url(String place) throws MalformedURLException {
            return Path.of(place).toUri().toURL();
        }
    }

    @Test
    void settings_are_made_before_anything_loads_and_nothing_is_said() throws IOException {
        ChildJvm.Ended ended = start("apply");
        assertThat(ended.out())
                .startsWith("APPLY")
                .contains(
                        "set: org.bytedeco.javacpp.maxPhysicalBytes = 0",
                        "THP_MEM_ALLOC_ENABLE = 1",
                        "OpenBLAS threads = 1")
                .doesNotContain("missing");
        assertThat(ended.err()).isEmpty();
    }

    @Test
    void who_only_checks_learns_in_one_line_what_is_missing_and_how_to_make_it() throws IOException {
        ChildJvm.Ended ended = start("check");
        assertThat(ended.out())
                .startsWith("CHECK")
                .contains(
                        "missing: start Java with -Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                        "missing: set THP_MEM_ALLOC_ENABLE=1 in the environment");
        assertThat(ended.err().lines()).singleElement().asString().startsWith("native settings are only checked");
        assertThat(start("apply", "-Ddiffusion4j.native=check").out()).isEqualTo(ended.out());
        ChildJvm.Ended kept = start("check", "-Ddiffusion4j.native=keep");
        assertThat(kept.out()).isEqualToIgnoringNewLines("KEEP");
        assertThat(kept.err()).as("the property counts more than the call").isEmpty();
    }

    @Test
    void another_word_is_refused() throws IOException {
        assertThat(start("apply", "-Ddiffusion4j.native=keeep").out())
                .isEqualToNormalizingNewlines(
                        "problem: unknown -Ddiffusion4j.native 'keeep' (did you mean 'keep'?); choose one of apply, check, keep\n"
                                + "again: true\n");
        assertThat(NativeRuntime.configure(NativeMode.APPLY)).isSameAs(NativeRuntime.configure());
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> NativeRuntime.configure(NativeMode.KEEP))
                .withMessageStartingWith("the native settings cannot be 'keep' any more, since 'apply' has been done");
    }

    @Test
    void a_limit_of_javacpp_that_is_in_force_already_is_one_line() throws IOException {
        ChildJvm.Ended ended = start("late");
        assertThat(ended.out()).contains("JavaCPP was loaded before this library");
        assertThat(ended.err().lines()).singleElement().asString().startsWith("native settings that could not be made");
        assertThat(start("late", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=3g").err())
                .as("somebody's own choice")
                .isEmpty();
    }

    @Test
    void an_unsupported_platform_is_one_line_wherever_the_library_is_entered() throws IOException {
        ChildJvm.Ended ended = start("draw", "-Dorg.bytedeco.javacpp.platform=linux-riscv64");
        assertThat(ended.out())
                .isEqualToNormalizingNewlines(
                        "problem: LibTorch has no native libraries for linux-riscv64: there are some for linux-x86_64, macosx-arm64, windows-x86_64\n"
                                + "again: true\n");
        assertThat(ended.err()).isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void where_nothing_can_be_written_natives_that_were_unpacked_before_are_used() throws IOException {
        ChildJvm.Ended none = start("apply", NO_FOLDERS.toArray(String[]::new));
        assertThat(none.out())
                .startsWith("problem: there is no folder that LibTorch's native libraries can be unpacked into: "
                        + NOWHERE);
        assertThat(said(none)).isEmpty();
        List<String> options = new ArrayList<>(NO_FOLDERS);
        options.add("-Dnatives=" + Loader.getCacheDir());
        ChildJvm.Ended there = start("read-only", options.toArray(String[]::new));
        assertThat(there.out()).startsWith("APPLY").contains("OpenBLAS threads = 1");
        assertThat(said(there)).as("that JNA could not be used").hasSizeLessThanOrEqualTo(1);
    }

    /** What stands on stderr, but for the line of newer JVMs on the folder for temporary files that these tests take away. */
    private static List<String> said(ChildJvm.Ended ended) {
        return ended.err()
                .lines()
                .filter(line -> !line.equals("WARNING: java.io.tmpdir directory does not exist"))
                .toList();
    }

    @Test
    void two_class_loaders_share_libtorch_and_draw_the_same() throws IOException {
        ChildJvm.Ended ended = start("two");
        assertThat(ended.out().lines())
                .hasSize(2)
                .containsOnly(ended.out().lines().findFirst().orElseThrow());
        assertThat(ended.err()).isEmpty();
    }
}
