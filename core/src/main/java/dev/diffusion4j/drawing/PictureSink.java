// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.drawing;

import java.util.List;

/** Takes pictures one by one, as they are drawn. */
@FunctionalInterface
public interface PictureSink extends AutoCloseable {
    /** Called in order, on the thread that draws; where it throws, the job ends so. */
    void accept(DrawnPicture picture);

    /** All pictures were drawn. Not called where the job was cancelled or failed. */
    default void complete() {}

    /** Frees what was kept for the way; called in any case, by the sink's owner. */
    @Override
    default void close() {}

    /** Each picture to all of these, in this order. The sinks stay their owners' to close. */
    static PictureSink toAll(List<PictureSink> sinks) {
        List<PictureSink> all = List.copyOf(sinks);
        return new PictureSink() {
            @Override
            public void accept(DrawnPicture picture) {
                all.forEach(sink -> sink.accept(picture));
            }

            @Override
            public void complete() {
                all.forEach(PictureSink::complete);
            }
        };
    }
}
