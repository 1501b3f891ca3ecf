// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.serve.DiffusionServer;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The library knows no command line: a text of it names a field, and each face calls it by its own name. */
class LibraryTextsTest {
    private static final Pattern FLAG = Pattern.compile("--[a-zA-Z]");

    @ParameterizedTest
    @ValueSource(
            classes = {VectorSupport.class, Problem.class, Recipe.class, DiffusionServer.class
            }) // of kernels, core, training and serve
    void no_text_of_the_library_names_a_flag(Class<?> ofModule) throws IOException, URISyntaxException {
        Map<String, List<String>> texts = texts(Path.of(
                ofModule.getProtectionDomain().getCodeSource().getLocation().toURI()));

        assertThat(texts).containsKey(ofModule.getName().replace('.', '/') + ".class");
        List<String> naming = new ArrayList<>();
        texts.forEach((file, all) ->
                all.stream().filter(text -> FLAG.matcher(text).find()).forEach(text -> naming.add(file + ": " + text)));
        assertThat(naming).isEmpty();
    }

    private static Map<String, List<String>> texts(Path classes) throws IOException {
        if (Files.isDirectory(classes)) {
            return textsBelow(classes);
        }
        try (FileSystem jar = FileSystems.newFileSystem(classes)) {
            return textsBelow(jar.getPath("/"));
        }
    }

    private static Map<String, List<String>> textsBelow(Path root) throws IOException {
        Map<String, List<String>> texts = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file :
                    (Iterable<Path>) files.filter(path -> path.toString().endsWith(".class"))::iterator) {
                texts.put(root.relativize(file).toString().replace('\\', '/'), constants(Files.readAllBytes(file)));
            }
        }
        return texts;
    }

    /** The string constants of a class file, those of concatenations among them: JVM specification, 4.4. */
    private static List<String> constants(byte[] file) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(file));
        in.skipNBytes(8);
        int count = in.readUnsignedShort();
        String[] utf8 = new String[count];
        List<Integer> strings = new ArrayList<>();
        for (int i = 1; i < count; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1 -> utf8[i] = in.readUTF();
                case 8 -> strings.add(in.readUnsignedShort());
                case 7, 16, 19, 20 -> in.skipNBytes(2);
                case 15 -> in.skipNBytes(3);
                case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
                case 5, 6 -> {
                    in.skipNBytes(8);
                    i++; // takes two places
                }
                default -> throw new IOException("an unknown constant: " + tag);
            }
        }
        return strings.stream().map(index -> utf8[index]).toList();
    }
}
