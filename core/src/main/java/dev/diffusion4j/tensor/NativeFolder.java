// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;

/**
 * The folder into which JavaCPP unpacks native libraries: {@code -Dorg.bytedeco.javacpp.cachedir}, else one below the user's home, else one
 * below that of temporary files. It refuses a folder that cannot be written, also where all was unpacked into it before: an
 * image's, whose file system is read-only.
 */
final class NativeFolder {
    private static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

    private NativeFolder() {}

    /** Has JavaCPP take the folder that was chosen, where it is there and can only be read. */
    static void useReadOnly() {
        String chosen = System.getProperty(PROPERTY);
        if (chosen != null && Files.isDirectory(Path.of(chosen)) && !Files.isWritable(Path.of(chosen))) {
            use(Path.of(chosen));
        }
    }

    /** JavaCPP has no call for this. Where its field cannot be had, it looks for another folder, as it does by itself. */
    static void use(Path folder) {
        try {
            Field field = Loader.class.getDeclaredField("cacheDir");
            field.setAccessible(true);
            File real = folder.toRealPath().toFile();
            field.set(null, real);
        } catch (IOException | ReflectiveOperationException | RuntimeException e) {
            // a module of JavaCPP's own is closed to us
        }
    }

    /** What to do where JavaCPP failed for want of a folder. */
    static Optional<String> problem(String reason) {
        if (reason.contains("Could not create the cache")) {
            return Optional.of("there is no folder that LibTorch's native libraries can be unpacked into: "
                    + System.getProperty("user.home") + " and " + System.getProperty("java.io.tmpdir")
                    + " cannot be written; start Java with -D" + PROPERTY
                    + "=FOLDER, where FOLDER can be written or they were unpacked into it before");
        }
        if (reason.contains(".lock (")) {
            return Optional.of("LibTorch's native libraries in " + System.getProperty(PROPERTY)
                    + " are not all those of the class path, and it cannot be written: unpack them there again ("
                    + reason + ")");
        }
        return Optional.empty();
    }
}
