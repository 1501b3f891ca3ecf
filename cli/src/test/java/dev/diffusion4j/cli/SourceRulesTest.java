// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** House rules that a machine can check. */
class SourceRulesTest {
    private static final int MOST_LINES = 500;
    private static final int MOST_LINES_OF_A_METHOD = 40;

    private static List<Path> sources() {
        List<Path> files = new ArrayList<>();
        for (String module : List.of(
                "kernels",
                "core",
                "training",
                "testkit",
                "serve",
                "studio",
                "integrations/diffusion4j-micrometer",
                "integrations/diffusion4j-langchain4j",
                "integrations/diffusion4j-spark",
                "integrations/diffusion4j-spring-ai",
                "cli",
                "examples",
                "examples/spring-boot",
                "examples/quarkus",
                "bench")) {
            Path folder = Path.of("..", module, "src", "main", "java");
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (Stream<Path> all = Files.walk(folder)) {
                all.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return files;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void files_are_short() {
        assertThat(sources()).hasSizeGreaterThan(150);
        assertThat(sources())
                .allSatisfy(file ->
                        assertThat(lines(file).size()).as("lines of %s", file).isLessThanOrEqualTo(MOST_LINES));
    }

    /** From the first line of its declaration to its closing brace, as javac's own parser finds them. */
    @Test
    void methods_are_short() throws IOException {
        Map<String, Long> lengths = new TreeMap<>();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources()));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                String file =
                        Path.of(unit.getSourceFile().getName()).getFileName().toString();
                new TreeScanner<@Nullable Void, @Nullable Void>() {
                    @Override
                    public @Nullable Void visitMethod(MethodTree method, @Nullable Void none) {
                        long first = positions.getStartPosition(unit, method);
                        long last = positions.getEndPosition(unit, method);
                        if (last > first) {
                            long lines = unit.getLineMap().getLineNumber(last)
                                    - unit.getLineMap().getLineNumber(first)
                                    + 1;
                            lengths.merge(file.replace("java", "") + method.getName(), lines, Math::max);
                        }
                        return super.visitMethod(method, none);
                    }
                }.scan(unit, null);
            }
        }
        assertThat(lengths).hasSizeGreaterThan(2000);
        lengths.values().removeIf(lines -> lines <= MOST_LINES_OF_A_METHOD);
        assertThat(lengths).isEmpty();
    }

    /** A dtype that comes from LibTorch is a new object each time; only Tensors.type makes it comparable. */
    @Test
    void dtypes_are_asked_for_in_one_place() {
        assertThat(sources())
                .filteredOn(file -> !List.of("Tensors.java", "DType.java", "NumberLayout.java")
                        .contains(file.getFileName().toString()))
                .allSatisfy(file ->
                        assertThat(lines(file)).as(file.toString()).noneMatch(line -> line.contains(".scalar_type()")));
    }

    /** Words of other languages that English has no use for in this sense. */
    @Test
    void words_are_plain_english() {
        Pattern odd = Pattern.compile("\\b(told|heeds?|heeded|cooked|in anybody's time|leave \\S+ away)\\b");
        assertThat(sources())
                .allSatisfy(file -> assertThat(lines(file)).as(file.toString()).noneMatch(line -> odd.matcher(line)
                        .find()));
    }

    @Test
    void every_package_says_what_it_is() {
        assertThat(sources().stream().map(Path::getParent).distinct())
                .allSatisfy(folder ->
                        assertThat(folder.resolve("package-info.java")).exists());
    }
}
