// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/**
 * The versions of bytedeco's jars, as Maven wrote them into each. Those of pytorch and openblas end in that of JavaCPP which they were made with;
 * with another one methods are missing, or the process ends.
 *
 * @param java of the jars with classes, by artifact; without those that do not say it
 * @param natives of the jars with native libraries, likewise
 */
record NativeVersions(Map<String, String> java, Map<String, String> natives) {
    private static final String JAVACPP = "javacpp";

    /** A class, and the native library that belongs to it, of each artifact. */
    private enum Artifact {
        JAVACPP("javacpp", "Pointer.class", "jnijavacpp"),
        PYTORCH("pytorch", "global/torch.class", "jnitorch"),
        OPENBLAS("openblas", "global/openblas_nolapack.class", "jniopenblas_nolapack");

        private final String id;
        private final String classFile;
        private final String library;

        Artifact(String id, String classFile, String library) {
            this.id = id;
            this.classFile = classFile;
            this.library = library;
        }

        String classResource() {
            return "org/bytedeco/" + id + "/" + classFile;
        }

        String libraryResource(String platform) {
            return "org/bytedeco/" + id + "/" + platform + "/" + System.mapLibraryName(library);
        }

        @Nullable
        URL library(ClassLoader loader, String platform) {
            URL cpu = loader.getResource(libraryResource(platform));
            return cpu != null ? cpu : loader.getResource(libraryResource(platform + "-gpu"));
        }
    }

    /** On this library's class path. */
    static NativeVersions here() {
        return of(Loader.class.getClassLoader(), Loader.getPlatform());
    }

    static NativeVersions of(ClassLoader loader, String platform) {
        NativeVersions found = new NativeVersions(new TreeMap<>(), new TreeMap<>());
        for (Artifact each : Artifact.values()) {
            version(loader.getResource(each.classResource()), each)
                    .ifPresent(version -> found.java.put(each.id, version));
            version(each.library(loader, platform), each).ifPresent(version -> found.natives.put(each.id, version));
        }
        return found;
    }

    /** The artifacts whose native libraries are not on the class path. */
    static List<String> missing(String platform) {
        List<String> missing = new ArrayList<>();
        for (Artifact each : List.of(Artifact.PYTORCH, Artifact.OPENBLAS)) {
            if (each.library(Loader.class.getClassLoader(), platform) == null) {
                missing.add(each.id);
            }
        }
        return missing;
    }

    /** What the jar says that a file is in. */
    private static Optional<String> version(@Nullable URL file, Artifact artifact) {
        if (file == null) {
            return Optional.empty();
        }
        String place = file.toString();
        String root = place.substring(0, place.lastIndexOf("org/bytedeco/" + artifact.id + "/"));
        try (InputStream stream = URI.create(root + "META-INF/maven/org.bytedeco/" + artifact.id + "/pom.properties")
                .toURL()
                .openStream()) {
            Properties properties = new Properties();
            properties.load(stream);
            return Optional.ofNullable(properties.getProperty("version"));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty(); // one jar of all, or a folder
        }
    }

    /** The version of an artifact's classes; empty where the jar does not say it. */
    Optional<String> java(String artifact) {
        return Optional.ofNullable(java.get(artifact));
    }

    /** @throws Problem (a failure) naming versions that do not go together */
    void check() {
        String javacpp = java.get(JAVACPP);
        java.forEach((artifact, version) -> {
            String made = version.substring(version.lastIndexOf('-') + 1);
            if (javacpp != null && !made.equals(javacpp)) {
                throw Problem.failure("versions do not match: org.bytedeco:" + artifact + " " + version
                        + " was made with javacpp " + made + ", but javacpp " + javacpp
                        + " is on the class path: give all of org.bytedeco the versions that go together");
            }
            String ofNatives = natives.getOrDefault(artifact, version);
            if (!ofNatives.equals(version)) {
                throw Problem.failure("versions do not match: the native libraries of org.bytedeco:" + artifact
                        + " are " + ofNatives + ", but its classes are " + version + ": give both the same version");
            }
        });
    }
}
