// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.repository;

import java.nio.file.Path;
import java.util.List;

/** The files of a data set, wherever they are. */
public interface FileTree {
    /** What it is, for messages. */
    String description();

    /** The paths of all files, with slashes, sorted. */
    List<String> names();

    /**
     * Makes files readable on this machine.
     *
     * @param wanted some of {@link #names}
     * @return the folder below which they are by their paths
     * @throws dev.diffusion4j.base.Problem (a failure) where one cannot be had
     */
    Path fetch(List<String> wanted);

    /** Changes with a fetched file's content. */
    String hash(String name);
}
