// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Packages use only what lies below them: the table of docs/architecture.md. */
class PackageDirectionTest {
    private static final String ROOT = "dev.diffusion4j.";

    /** What each package may use of ours, {@code base} and itself aside. */
    private static final Map<String, Set<String>> MAY_USE = new LinkedHashMap<>();

    static {
        allow("base", "");
        allow("kernel", "");
        allow("schedule", "");
        allow("tensor", "");
        allow("processor", "tensor kernel");
        allow("json", "");
        allow("layer", "processor tensor kernel");
        allow("checkpoint", "json tensor");
        allow("text", "json");
        allow("model", "text layer checkpoint processor tensor json");
        allow("adapter", "layer model checkpoint tensor json");
        allow("scheduler", "schedule tensor json");
        allow("image", "tensor");
        allow("condition", "layer checkpoint tensor text model");
        allow("codec", "tensor model scheduler");
        allow("guidance", "tensor model");
        allow("hub", "json");
        allow("folder", "tensor json checkpoint text model adapter scheduler hub");
        allow(
                "pipeline",
                "tensor processor json checkpoint text model adapter condition codec guidance scheduler image hub folder");
        allow("drawing", "tensor json checkpoint text model adapter guidance scheduler image hub folder pipeline");
        allow("service", "tensor processor adapter codec guidance image folder pipeline drawing");
        allow("micrometer", "service");
        allow("langchain4j", "model image pipeline drawing service");
        allow("springai", "tensor text model image pipeline drawing service micrometer");
        allow(
                "serve",
                "text json model adapter guidance scheduler image hub folder pipeline drawing service micrometer");
        allow("data", "tensor image json hub");
        allow("metric", "tensor model data checkpoint json");
        allow("tracking", "image json");
        allow("objective", "schedule scheduler text model layer condition codec tensor");
        allow("parallel", "tensor");
        allow("launch", "tensor parallel");
        allow("trainer", "kernel parallel objective data model adapter layer checkpoint processor tensor json");
        allow(
                "recipe",
                "tensor json checkpoint text model adapter condition codec guidance scheduler image hub folder pipeline data metric tracking objective parallel trainer");
        allow("testkit", "tensor checkpoint model condition codec scheduler guidance data tracking");
        allow("plot", "schedule tensor model condition codec guidance scheduler image folder pipeline data tracking");
        allow(
                "evaluation",
                "tensor json checkpoint text model adapter codec guidance scheduler image hub folder pipeline drawing data metric tracking");
        allow("spark", "tensor model adapter guidance pipeline drawing service data metric evaluation");
        allow(
                "studio",
                "schedule processor text json checkpoint model codec guidance scheduler image hub folder pipeline drawing data tracking recipe plot service serve");
        allow(
                "cli",
                "tensor processor json checkpoint text model adapter guidance scheduler image hub folder pipeline drawing data metric parallel launch recipe plot evaluation service serve studio");
    }

    /** Only what is listed above may be named, so that no circle can be allowed. */
    private static void allow(String name, String below) {
        Set<String> all = new TreeSet<>(below.isEmpty() ? List.of() : Arrays.asList(below.split(" ")));
        all.forEach(each -> {
            if (!MAY_USE.containsKey(each)) {
                throw new IllegalArgumentException(name + " names " + each + ", which is not below it");
            }
        });
        all.add("base");
        all.add(name);
        MAY_USE.put(name, all);
    }

    private static final JavaClasses classes = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar")) // once they are packed
            .importPackages("dev.diffusion4j");

    @Test
    void packages_use_only_what_lies_below_them() {
        Set<String> offences = new TreeSet<>();
        for (JavaClass type : classes) {
            String from = topPackage(type);
            assertThat(MAY_USE).as("the table must list every package").containsKey(from);
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (target.getPackageName().startsWith("dev.diffusion4j")
                        && !MAY_USE.get(from).contains(topPackage(target))) {
                    offences.add(type.getName() + " must not use " + target.getName());
                }
            }
        }
        assertThat(offences).isEmpty();
    }

    @Test
    void the_table_of_the_architecture_is_this_one() throws IOException {
        Map<String, Set<String>> written = new LinkedHashMap<>();
        Pattern row = Pattern.compile("(?m)^\\| `(\\w+)` \\| .* \\| ?([`\\w ]*) ?\\|$");
        String text = Files.readString(Path.of("../docs/architecture.md"));
        row.matcher(text.substring(text.indexOf("## Packages"), text.indexOf("## The seams")))
                .results()
                .forEach(found -> {
                    Set<String> all = new TreeSet<>(
                            Arrays.asList(found.group(2).replace("`", "").trim().split(" ")));
                    all.remove("");
                    all.add("base");
                    all.add(found.group(1));
                    written.put(found.group(1), all);
                });
        assertThat(written).isEqualTo(MAY_USE);
    }

    @Test
    void every_permission_is_used() {
        Set<String> unused = new TreeSet<>();
        MAY_USE.forEach((from, allowed) -> allowed.stream()
                .filter(to -> !to.equals("base") && !to.equals(from))
                .forEach(to -> unused.add(from + " may use " + to)));
        for (Dependency dependency : dependencies()) {
            unused.remove(topPackage(dependency.getOriginClass()) + " may use "
                    + topPackage(dependency.getTargetClass().getBaseComponentType()));
        }
        assertThat(unused).isEmpty();
    }

    /**
     * Rooms are the packages within a package. Its root holds both what they build on and what lists them, so each class of a root
     * counts for itself: none may use a room that uses it.
     */
    @Test
    void rooms_use_each_other_in_one_direction() {
        Set<String> withRooms = new TreeSet<>();
        for (JavaClass type : classes) {
            String name = type.getPackageName();
            withRooms.add(name.substring(0, name.lastIndexOf('.')));
        }
        Map<String, Set<String>> uses = new TreeMap<>();
        for (Dependency dependency : dependencies()) {
            JavaClass target = dependency.getTargetClass().getBaseComponentType();
            if (topPackage(dependency.getOriginClass()).equals(topPackage(target))) {
                uses.computeIfAbsent(room(dependency.getOriginClass(), withRooms), name -> new TreeSet<>())
                        .add(room(target, withRooms));
            }
        }
        Set<String> circles = new TreeSet<>();
        uses.forEach((from, all) -> all.stream()
                .filter(to -> !from.equals(to) && !(isClass(from) && isClass(to)))
                .filter(to -> reaches(uses, to, from, new TreeSet<>()))
                .forEach(to -> circles.add(from + " uses " + to)));
        assertThat(uses).hasSizeGreaterThan(100);
        assertThat(circles).isEmpty();
    }

    private static String room(JavaClass type, Set<String> withRooms) {
        String name = withRooms.contains(type.getPackageName()) ? type.getName() : type.getPackageName();
        return name.substring(ROOT.length()).replaceFirst("\\$.*", "");
    }

    private static boolean isClass(String room) {
        return !room.equals(room.toLowerCase(Locale.ROOT));
    }

    private static boolean reaches(Map<String, Set<String>> uses, String from, String to, Set<String> seen) {
        if (from.equals(to)) {
            return true;
        }
        return seen.add(from)
                && uses.getOrDefault(from, Set.of()).stream().anyMatch(next -> reaches(uses, next, to, seen));
    }

    private List<Dependency> dependencies() {
        return classes.stream()
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .filter(dependency -> dependency
                        .getTargetClass()
                        .getBaseComponentType()
                        .getPackageName()
                        .startsWith("dev.diffusion4j"))
                .toList();
    }

    @Test
    void only_the_lower_packages_know_libtorch() {
        Set<String> without = Set.of(
                "base",
                "kernel",
                "schedule",
                "json",
                "text",
                "tracking",
                "launch",
                "langchain4j",
                "springai",
                "serve",
                "studio",
                "cli");
        List<String> offences = classes.stream()
                .filter(type -> without.contains(topPackage(type)))
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .filter(dependency ->
                        dependency.getTargetClass().getPackageName().startsWith("org.bytedeco"))
                .map(Dependency::getDescription)
                .distinct()
                .toList();
        assertThat(offences).isEmpty();
    }

    @Test
    void public_signatures_hold_no_jackson_type() {
        List<String> offences = classes.stream()
                .filter(type -> !topPackage(type).equals("json"))
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .filter(dependency ->
                        dependency.getTargetClass().getPackageName().startsWith("com.fasterxml"))
                .map(Dependency::getDescription)
                .distinct()
                .toList();
        assertThat(offences).isEmpty();
    }

    @Test
    void the_test_saw_the_classes() {
        Map<String, Long> seen = classes.stream()
                .collect(Collectors.groupingBy(PackageDirectionTest::topPackage, Collectors.counting()));
        assertThat(classes.size()).isGreaterThan(250);
        assertThat(seen.keySet()).containsExactlyInAnyOrderElementsOf(MAY_USE.keySet());
    }

    private static String topPackage(JavaClass type) {
        String name = type.getPackageName();
        String below = name.substring(Math.min(name.length(), ROOT.length()));
        int dot = below.indexOf('.');
        return dot < 0 ? below : below.substring(0, dot);
    }
}
