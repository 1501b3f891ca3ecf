// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with native libraries is found before they end the process. */
class NativeLibrariesTest {
    private static final String PLATFORM = "linux-x86_64";
    private static final Optional<String> VERSION = Optional.of("2.10.0-1.5.13");
    private static final String IN_JAR = "-linux-x86_64.jar/org/bytedeco/pytorch/linux-x86_64/libtorch_cpu.so";

    @TempDir
    Path folder;

    @Test
    void another_libtorch_in_the_process_is_named() {
        assertThat(NativeLibraries.isLoaded(List.of("/usr/lib/libc.so.6"), VERSION))
                .isFalse();
        assertThat(NativeLibraries.isLoaded(List.of("/home/.javacpp/cache/pytorch-2.10.0-1.5.13" + IN_JAR), VERSION))
                .isTrue();
        assertThat(NativeLibraries.isLoaded(
                        List.of("/natives/org/bytedeco/pytorch/linux-x86_64/libtorch_cpu.so"), VERSION))
                .isTrue();
        for (String other : List.of(
                "/root/.djl.ai/pytorch/2.7.1-cpu-linux-x86_64/libtorch_cpu.so",
                "/home/.javacpp/cache/pytorch-2.7.1-1.5.12" + IN_JAR)) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> NativeLibraries.isLoaded(List.of(other), VERSION))
                    .withMessageStartingWith("there is another LibTorch in this process (" + other + ")");
        }
    }

    @Test
    void the_jars_of_the_class_path_go_together() {
        NativeVersions here = NativeVersions.here();
        assertThat(here.java().keySet()).containsExactly("javacpp", "openblas", "pytorch");
        assertThat(here.natives()).as("of the tests' class path").isEqualTo(here.java());
        here.check();
        assertThat(NativeVersions.missing(Loader.getPlatform())).isEmpty();
        assertThat(NativeVersions.missing("linux-riscv64")).containsExactly("pytorch", "openblas");
    }

    /** As a folder, which a class loader reads like a jar. */
    private URL jar(String artifact, String file, String version) throws IOException {
        Path jar = Files.createTempDirectory(folder, artifact);
        Path content = jar.resolve("org/bytedeco").resolve(artifact).resolve(file);
        Files.createDirectories(content.getParent());
        Files.createFile(content);
        Path properties =
                jar.resolve("META-INF/maven/org.bytedeco").resolve(artifact).resolve("pom.properties");
        Files.createDirectories(properties.getParent());
        Files.writeString(properties, "version=" + version);
        return jar.toUri().toURL();
    }

    private NativeVersions versions(Map<String, String> java, Map<String, String> natives) throws IOException {
        Map<String, String> classes = Map.of(
                "javacpp",
                "Pointer.class",
                "pytorch",
                "global/torch.class",
                "openblas",
                "global/openblas_nolapack.class");
        Map<String, String> libraries = Map.of("pytorch", "jnitorch", "openblas", "jniopenblas_nolapack");
        List<URL> jars = new ArrayList<>();
        for (Map.Entry<String, String> each : java.entrySet()) {
            jars.add(jar(each.getKey(), classes.get(each.getKey()), each.getValue()));
        }
        for (Map.Entry<String, String> each : natives.entrySet()) {
            String library = System.mapLibraryName(libraries.get(each.getKey()));
            jars.add(jar(each.getKey(), PLATFORM + "/" + library, each.getValue()));
        }
        try (URLClassLoader loader =
                new URLClassLoader(jars.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            return NativeVersions.of(loader, PLATFORM);
        }
    }

    @Test
    void versions_that_do_not_match_are_named() throws IOException {
        NativeVersions older = versions(
                Map.of("javacpp", "1.5.12", "pytorch", "2.10.0-1.5.13", "openblas", "0.3.30-1.5.12"),
                Map.of("pytorch", "2.10.0-1.5.13"));
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(older::check)
                .withMessageStartingWith(
                        "versions do not match: org.bytedeco:pytorch 2.10.0-1.5.13 was made with javacpp 1.5.13,"
                                + " but javacpp 1.5.12 is on the class path");
        NativeVersions natives =
                versions(Map.of("javacpp", "1.5.13", "pytorch", "2.10.0-1.5.13"), Map.of("pytorch", "2.7.1-1.5.12"));
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(natives::check)
                .withMessageStartingWith(
                        "versions do not match: the native libraries of org.bytedeco:pytorch are 2.7.1-1.5.12,"
                                + " but its classes are 2.10.0-1.5.13");
        versions(Map.of("javacpp", "1.5.13"), Map.of()).check();
    }
}
