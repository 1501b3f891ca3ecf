// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What scripts name by an id of the Hub, or by a folder of that name on this machine, which takes precedence. */
final class HubName {
    private static final Pattern ID = Pattern.compile("[\\w.-]+/[\\w.-]+(@[\\w./+-]+)?");

    private HubName() {}

    /**
     * A model, as {@code model.from} names it: a folder, or one of the Hub.
     *
     * @throws Problem (a wrong request) where it is neither
     */
    static String model(String flag, String name) {
        if (isFolder(name) || isId(name)) {
            return name;
        }
        throw Problem.request(flag + ": there is no folder " + name
                + "; name a model folder, such as that of a finished run, or a model of the Hub, organisation/name");
    }

    /**
     * A data set, as {@code data.source} names it: a folder, one of the Hub, or a word that is known there.
     *
     * @param config which configuration of one of the Hub, or {@code null}
     * @throws Problem (a wrong request) where another data set is given a configuration
     */
    static String data(String flag, String name, @Nullable String config) {
        boolean isHub = !isFolder(name) && (isId(name) || name.startsWith("hf:"));
        if (config != null && !isHub) {
            throw Problem.request("--dataset_config_name belongs to data sets of the Hub, organisation/name, which "
                    + name + " is not: omit it");
        }
        if (isHub) {
            return (isId(name) ? "hf:" : "") + name + (config == null ? "" : ":" + config);
        }
        return isFolder(name) ? "folder:" + name : name;
    }

    /** A path into a folder that exists is no id. */
    private static boolean isId(String name) {
        return ID.matcher(name).matches() && !name.startsWith(".") && !isFolder(name.substring(0, name.indexOf('/')));
    }

    private static boolean isFolder(String name) {
        try {
            return Files.isDirectory(Path.of(name));
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
