// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.file;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/**
 * Writes an answer's body to a file as it arrives: behind what is there where the server sends the rest (206), from the beginning
 * where it sends all (200), not at all otherwise. What has arrived stays there when the connection breaks.
 */
final class FileSink implements HttpResponse.BodyHandler<Void>, HttpResponse.BodySubscriber<Void>, AutoCloseable {
    private final FileChannel file;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile long lastProgress = System.nanoTime();
    private volatile Flow.@org.jspecify.annotations.Nullable Subscription subscription;
    private boolean wanted;

    FileSink(Path path, long from) throws IOException {
        file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        file.position(from);
    }

    /** How long nothing has arrived. */
    long idleNanos() {
        return System.nanoTime() - lastProgress;
    }

    @Override
    public HttpResponse.BodySubscriber<Void> apply(HttpResponse.ResponseInfo info) {
        wanted = info.statusCode() == 200 || info.statusCode() == 206;
        if (info.statusCode() == 200) {
            try {
                file.truncate(0);
                file.position(0);
            } catch (IOException e) {
                done.completeExceptionally(e);
            }
        }
        return this;
    }

    @Override
    public CompletionStage<Void> getBody() {
        return done;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        lastProgress = System.nanoTime();
        if (!wanted || done.isDone()) {
            return;
        }
        try {
            for (ByteBuffer buffer : buffers) {
                while (buffer.hasRemaining()) {
                    file.write(buffer);
                }
            }
        } catch (IOException e) {
            done.completeExceptionally(e);
        }
    }

    @Override
    public void onError(Throwable error) {
        done.completeExceptionally(error);
    }

    @Override
    public void onComplete() {
        done.complete(null);
    }

    /** Stops the transfer, if it is still going on. */
    @Override
    public void close() throws IOException {
        Flow.Subscription current = subscription;
        if (current != null) {
            current.cancel();
        }
        file.close();
    }
}
