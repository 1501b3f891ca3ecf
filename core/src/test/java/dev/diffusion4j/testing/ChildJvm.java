// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A Java of its own with this class path, for what can be seen in a fresh process only. */
public final class ChildJvm {
    private static final int FIRST_JDK_THAT_ASKS_FOR_NATIVE_ACCESS = 22;

    /** What the library sets in its process, which a child would inherit. */
    private static final Set<String> OWN_VARIABLES =
            Set.of("OPENBLAS_CORETYPE", "THP_MEM_ALLOC_ENABLE", "TORCH_CPP_LOG_LEVEL");

    private ChildJvm() {}

    /**
     * How it ended.
     *
     * @param out all that went to its standard output, native code's words too
     * @param err likewise
     */
    public record Ended(int code, String out, String err) {}

    /** Runs a main class to its end, which it must find within two minutes. */
    public static Ended run(List<String> options, Class<?> main, String... arguments) throws IOException {
        return run(Path.of(System.getProperty("java.home")), options, main, arguments);
    }

    /** With another Java. */
    public static Ended run(Path javaHome, List<String> options, Class<?> main, String... arguments)
            throws IOException {
        return run(javaHome, Map.of(), options, main, arguments);
    }

    /** With variables in its environment. */
    public static Ended run(Map<String, String> environment, List<String> options, Class<?> main, String... arguments)
            throws IOException {
        return run(Path.of(System.getProperty("java.home")), environment, options, main, arguments);
    }

    private static Ended run(
            Path javaHome, Map<String, String> environment, List<String> options, Class<?> main, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                javaHome.resolve("bin").resolve("java").toString(),
                "-Xmx300m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
        if (Runtime.version().feature() >= FIRST_JDK_THAT_ASKS_FOR_NATIVE_ACCESS) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile("child", ".out");
        Path err = Files.createTempFile("child", ".err");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().keySet().removeAll(OWN_VARIABLES);
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(2, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IOException("it did not end: " + command);
            }
            return new Ended(process.exitValue(), text(out), text(err));
        } catch (InterruptedException e) {
            throw new IOException(e);
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
