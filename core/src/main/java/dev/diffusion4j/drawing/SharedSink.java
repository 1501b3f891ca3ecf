// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

/** Takes the pictures of several jobs that are drawn together. */
public interface SharedSink {
    /**
     * A picture is finished.
     *
     * @param job the place of its job in the list
     */
    void accept(int job, DrawnPicture picture);

    /** A job's pictures cannot be shown, or its sink failed; the others go on. */
    void fail(int job, RuntimeException why);
}
