// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobListener;
import java.awt.image.BufferedImage;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The pictures of a job on their way and finished, from its native thread to the thread that sends them. */
final class ImageStream implements JobListener {
    private static final int KEEP_ALIVE = 50;
    /** Pictures on their way that wait for a client that reads slowly; further ones are left out. */
    private static final int MOST_WAITING = 16;

    private final BlockingQueue<Item> items = new LinkedBlockingQueue<>();

    /**
     * @param index which one of the job
     * @param finished {@code null} for one on its way
     */
    record Item(int index, BufferedImage image, @Nullable FinishedPicture finished) {}

    @Override
    public void onPreview(Job job, int index, BufferedImage preview) {
        if (items.size() < MOST_WAITING) {
            items.add(new Item(index, preview, null));
        }
    }

    @Override
    public void onPicture(Job job, FinishedPicture picture) {
        items.add(new Item(picture.index(), picture.image(), picture));
    }

    /** How many wait to be sent. */
    int waiting() {
        return items.size();
    }

    /**
     * Hands on what there is as it comes, until the job is over, which is cancelled where the client goes away.
     *
     * @throws ClientGone where it does
     * @throws RuntimeException whatever else the job ended with
     */
    void forEach(Job job, ClientWatch watch, EventStream stream, Consumer<Item> take) {
        try (job) {
            for (int turn = 1; ; turn++) {
                boolean isOver = job.result().isDone();
                Item item = isOver ? items.poll() : next();
                if (item != null && (item.finished() != null || !stream.isBehind())) {
                    take.accept(item);
                } else if (item == null && isOver) {
                    job.await(); // says what went wrong
                    return;
                } else if (watch.isGone()) {
                    throw new ClientGone();
                } else if (turn % KEEP_ALIVE == 0) {
                    stream.keepAlive();
                }
            }
        }
    }

    private @Nullable Item next() {
        try {
            return items.poll(Waiting.RHYTHM, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGone();
        }
    }
}
