// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.AtomicFile;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Where JavaCPP found libraries and which it found nowhere, given to it at the next start. It asks for some sixty, most of them CUDA's, by several
 * names each, and one that is not there is looked for in every jar and in every module of the JDK: half of the time that LibTorch
 * takes to load. What it found is kept beside the unpacked libraries, with all that it depends on: the class path, JavaCPP's
 * properties, and the sizes and times of the jars and of the system's folders in which it looks too. Where one of these differs it searches
 * anew.
 */
final class NativeSearch {
    private static final String LIBRARIES = "libraries:";

    private final @Nullable Path file;
    private final String settings;
    private final List<Path> entries;

    /** @param file where it is kept; {@code null} where nothing is */
    NativeSearch(@Nullable Path file, String settings, List<Path> entries) {
        this.file = file;
        this.settings = settings;
        this.entries = List.copyOf(entries);
    }

    /** Of this process's class path; of none where it cannot be seen whole. */
    static NativeSearch here() {
        try {
            String classPath = System.getProperty("java.class.path", "");
            List<Path> entries =
                    Stream.of(classPath.split(File.pathSeparator)).map(Path::of).toList();
            if (isWhole(entries)) {
                String name = "diffusion4j-" + Integer.toHexString(classPath.hashCode()) + ".search";
                return new NativeSearch(Loader.getCacheDir().toPath().resolve(name), settings(), entries);
            }
        } catch (IOException | URISyntaxException | RuntimeException e) {
            // it is searched as usual
        }
        return new NativeSearch(null, "", List.of());
    }

    /** Whether JavaCPP's jar is one of those listed, and no folder among them holds libraries, which could change unseen. */
    private static boolean isWhole(List<Path> entries) throws URISyntaxException {
        CodeSource source = Loader.class.getProtectionDomain().getCodeSource();
        return Loader.class.getClassLoader() == ClassLoader.getSystemClassLoader()
                && source != null
                && entries.contains(Path.of(source.getLocation().toURI()))
                && entries.stream().noneMatch(entry -> Files.exists(entry.resolve("org/bytedeco")));
    }

    private static String settings() {
        Map<String, String> settings = new TreeMap<>();
        System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("org.bytedeco.")
                        || name.equals("java.class.path")
                        || name.equals("java.library.path"))
                .forEach(name -> settings.put(name, System.getProperty(name)));
        return Loader.getPlatform() + " " + settings;
    }

    /** Another one when a jar is another, or when a file comes into a folder. */
    private static String state(Path path) {
        try {
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
            return now.size() + " " + now.lastModifiedTime().toMillis() + " " + path;
        } catch (IOException e) {
            return "- - " + path;
        }
    }

    private static boolean isUnchanged(String state) {
        return state.equals(state(Path.of(state.split(" ", 3)[2])));
    }

    /** Gives JavaCPP what is kept, and says whether that was the case. */
    boolean recall() {
        return recall(NativeSearch::found);
    }

    boolean recall(Found javacpp) {
        if (file == null) {
            return false;
        }
        try {
            List<String> kept = Files.readAllLines(file);
            int libraries = kept.indexOf(LIBRARIES) + 1;
            if (libraries == 0
                    || !kept.get(0).equals(settings)
                    || !kept.subList(1, libraries - 1).stream().allMatch(NativeSearch::isUnchanged)) {
                return false;
            }
            Map<String, URL[]> found = javacpp.libraries();
            for (String library : kept.subList(libraries, kept.size())) {
                String[] parts = library.split("\t");
                URL[] places = new URL[parts.length - 1];
                for (int i = 0; i < places.length; i++) {
                    places[i] = URI.create(parts[i + 1]).toURL();
                }
                found.putIfAbsent(parts[0], places);
            }
            return true;
        } catch (IOException | ReflectiveOperationException | RuntimeException e) {
            return false; // nothing is kept, or JavaCPP is closed to us
        }
    }

    /** Keeps what JavaCPP has found by now. */
    void remember() {
        remember(NativeSearch::found, NativeSearch::folders);
    }

    void remember(Found javacpp, Supplier<List<String>> folders) {
        if (file == null) {
            return;
        }
        try {
            List<String> kept = new ArrayList<>();
            kept.add(settings);
            entries.forEach(entry -> kept.add(state(entry)));
            folders.get().forEach(folder -> kept.add(state(Path.of(folder))));
            kept.add(LIBRARIES);
            javacpp.libraries().forEach((name, places) -> {
                StringBuilder line = new StringBuilder(name);
                for (URL place : places) {
                    line.append('\t').append(place);
                }
                kept.add(line.toString());
            });
            AtomicFile.write(file, String.join("\n", kept) + "\n");
        } catch (ReflectiveOperationException | RuntimeException e) {
            // a folder that can only be read: it is searched at each start
        }
    }

    /** Those of the system in which JavaCPP looks for libraries that no jar holds. */
    private static List<String> folders() {
        ClassProperties places = Loader.loadProperties(torch.class, Loader.loadProperties(), true);
        return Stream.of("platform.linkpath", "platform.preloadpath")
                .flatMap(key -> places.get(key).stream())
                .toList();
    }

    /** Where JavaCPP keeps what it has looked for, by name; it has no call for this. */
    interface Found {
        Map<String, URL[]> libraries() throws ReflectiveOperationException;
    }

    @SuppressWarnings("unchecked")
    static Map<String, URL[]> found() throws ReflectiveOperationException {
        var field = Loader.class.getDeclaredField("foundLibraries");
        field.setAccessible(true);
        return (Map<String, URL[]>) field.get(null);
    }
}
