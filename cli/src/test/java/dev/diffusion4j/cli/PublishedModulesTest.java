// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is published is whole: the BOM names it, its jars can stand on the module path, the image is built from it. */
class PublishedModulesTest {
    private static final Path ROOT = Path.of("..");

    private static String read(String file) throws IOException {
        return Files.readString(ROOT.resolve(file));
    }

    private static List<String> all(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private static List<String> modules() throws IOException {
        String pom = read("pom.xml");
        return all("<module>(.+?)</module>", pom.substring(0, pom.indexOf("</modules>")));
    }

    /** Artifact to folder, of the jars that are deployed. */
    private static Map<String, String> published() throws IOException {
        Map<String, String> published = new TreeMap<>();
        for (String folder : modules()) {
            String pom = read(folder + "/pom.xml");
            if (!pom.contains("<packaging>pom</packaging>")
                    && !pom.contains("<maven.deploy.skip>true</maven.deploy.skip>")) {
                String own = pom.substring(pom.indexOf("</parent>"));
                published.put(all("<artifactId>(.+?)</artifactId>", own).get(0), folder);
            }
        }
        return published;
    }

    @Test
    void the_bom_names_every_published_module_and_no_other() throws IOException {
        assertThat(all(
                        "<groupId>dev.diffusion4j</groupId><artifactId>(.+?)</artifactId><version>\\$\\{project.version}<",
                        read("bom/pom.xml")))
                .containsExactlyInAnyOrderElementsOf(published().keySet());
    }

    @Test
    void the_versions_of_the_bom_are_those_that_are_built_with() throws IOException {
        List<String> version = all("diffusion4j-parent</artifactId>\\s*<version>(.+?)<", read("pom.xml"));
        assertThat(all("diffusion4j-bom</artifactId>\\s*<version>(.+?)<", read("bom/pom.xml")))
                .isEqualTo(version);
        assertThat(all("diffusion4j-bom</artifactId>\\s*<version>(.+?)<", read(".ci/consumer/pom.xml")))
                .isEqualTo(version);
        List<String> libtorch = all("(<(?:pytorch|openblas|javacpp).version>.+?<)", read("bom/pom.xml"));
        assertThat(libtorch).hasSize(3).isEqualTo(all("(<(?:pytorch|openblas|javacpp).version>.+?<)", read("pom.xml")));
    }

    @Test
    void every_published_jar_is_a_module_with_a_name_of_its_own() throws IOException {
        Map<String, String> names = new TreeMap<>();
        for (Map.Entry<String, String> module : published().entrySet()) {
            assertThat(all("<Automatic-Module-Name>(.+?)<", read(module.getValue() + "/pom.xml")))
                    .as(module.getKey())
                    .singleElement()
                    .satisfies(name -> assertThat(names.put(name, module.getKey()))
                            .as(name)
                            .isNull());
        }
    }

    /** Else they could not stand on the module path together. */
    @Test
    void no_package_is_in_two_published_jars() throws IOException {
        Map<Path, String> homes = new TreeMap<>();
        for (String folder : published().values()) {
            Path sources = ROOT.resolve(folder).resolve("src/main/java");
            if (!Files.isDirectory(sources)) {
                continue;
            }
            TreeSet<Path> packages = new TreeSet<>();
            try (Stream<Path> files = Files.walk(sources)) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .forEach(file -> packages.add(sources.relativize(file.getParent())));
            }
            packages.forEach(each -> assertThat(homes.put(each, folder))
                    .as("%s is in %s", each, folder)
                    .isNull());
        }
        assertThat(homes).hasSizeGreaterThan(50);
    }

    @Test
    void the_image_is_built_with_every_module() throws IOException {
        String ignored = read(".dockerignore");
        assertThat(modules())
                .allSatisfy(folder -> assertThat(ignored).contains("\n!" + folder.replaceFirst("/.*", "") + "\n"));
    }

    /** All that {@code COPY . .} is let have, and what the second stage takes of it. */
    @Test
    void the_image_copies_what_there_is() throws IOException {
        assertThat(all("(?m)^!(.+)$", read(".dockerignore")))
                .contains("diffuse", ".mvn", "pom.xml")
                .allSatisfy(path -> assertThat(ROOT.resolve(path)).exists());
        String launcher = read("diffuse");
        List<String> taken = List.of(
                all("cp -a --parents (.+?) /image", read("Dockerfile")).get(0).split(" "));
        assertThat(taken).containsExactly("diffuse", "cli/target/diffuse.*", "cli/target/lib");
        assertThat(launcher).contains("target=\"$home/cli/target\"", "$target/diffuse.jar:$target/lib/*");
    }
}
