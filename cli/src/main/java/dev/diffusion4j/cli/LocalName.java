// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.UserError;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** What scripts name by a Hub id, and what stands for it on this machine. */
final class LocalName {
    private static final Pattern HUB_ID = Pattern.compile("[\\w.-]+/[\\w.-]+");

    private LocalName() {}

    /**
     * A data set as {@code data.source} names it: a folder, or a word that is known there.
     *
     * @throws UserError (exit code 2) where it is a Hub id
     */
    static String data(String flag, String name) {
        if (isFolder(name)) {
            return "folder:" + name;
        }
        if (!name.contains(":") && HUB_ID.matcher(name).matches()) {
            throw UserError.usage(notYet(
                    flag, name, "a data set", flag + " folder:PATH, or another data set of 'diffuse data --help'"));
        }
        return name;
    }

    private static String notYet(String flag, String name, String what, String instead) {
        return flag + " " + name + " names " + what
                + " on the Hugging Face Hub, which cannot be fetched by this version, and there is no folder of that name"
                + " here: give " + instead;
    }

    private static boolean isFolder(String name) {
        try {
            return Files.isDirectory(Path.of(name));
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
