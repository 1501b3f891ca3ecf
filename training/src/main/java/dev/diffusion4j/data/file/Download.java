// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.file;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Fetches one file from the first of several mirrors that has it whole. It grows under a private name, goes on where a connection
 * broke (on the same mirror or on the next), and gets its own name only once its checksum is right.
 */
public final class Download {
    private static final int TRIES_A_MIRROR = 3;
    private static final int MD5_LENGTH = 32;

    private final HttpClient client;
    private final Duration patience;

    /** @param patience how long to wait for an answer, or for more of it */
    public Download(Duration patience) {
        this.patience = patience;
        this.client = HttpClient.newBuilder()
                .connectTimeout(patience)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .build();
    }

    /** What did not work, for each mirror that was tried. */
    public static final class Failed extends Exception {
        private static final long serialVersionUID = 1L;

        Failed(List<String> reasons) {
            super(String.join("; ", reasons));
        }
    }

    /**
     * Puts the file {@code name} into {@code folder}.
     *
     * @param bases addresses of folders that hold the file
     * @param checksum SHA-256 or, where the publisher gives no other, MD5, in hexadecimal
     * @throws Failed where no mirror has it
     * @throws Problem (a failure) where it cannot be stored
     */
    public void fetch(List<URI> bases, String name, String checksum, Path folder) throws Failed {
        String unique = Long.toHexString(ThreadLocalRandom.current().nextLong());
        Path growing = folder.resolve("." + name + "." + unique + ".part");
        List<String> reasons = new ArrayList<>();
        try {
            Files.createDirectories(folder);
            for (URI base : bases) {
                String failure = fetchFrom(base.resolve(name), growing, checksum);
                if (failure.isEmpty()) {
                    Files.move(
                            growing,
                            folder.resolve(name),
                            StandardCopyOption.ATOMIC_MOVE,
                            StandardCopyOption.REPLACE_EXISTING);
                    return;
                }
                reasons.add(base + ": " + failure);
            }
        } catch (IOException e) {
            throw Problem.failure("cannot store " + name + " in " + folder + ": " + AtomicFile.reason(e), e);
        } finally {
            try {
                Files.deleteIfExists(growing);
            } catch (IOException e) {
                // a leftover temporary name does no harm
            }
        }
        throw new Failed(reasons);
    }

    /** Empty where the file is there and right, otherwise what went wrong. */
    private String fetchFrom(URI address, Path growing, String checksum) throws IOException {
        String failure = "";
        for (int attempt = 0; attempt < TRIES_A_MIRROR; attempt++) {
            long before = Files.exists(growing) ? Files.size(growing) : 0;
            failure = request(address, growing, before);
            if (failure.isEmpty()) {
                if (Hashes.of(growing, checksum.length() == MD5_LENGTH ? "MD5" : "SHA-256")
                        .equals(checksum)) {
                    return "";
                }
                Files.deleteIfExists(growing);
                return "its content is wrong (the checksum differs)";
            }
            boolean grew = Files.exists(growing) && Files.size(growing) > before;
            if (!grew) {
                return failure;
            }
        }
        return failure;
    }

    /** One request, for what is still missing. */
    private String request(URI address, Path growing, long from) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address).header("User-Agent", "diffusion4j");
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        try (FileSink sink = new FileSink(growing, from)) {
            CompletableFuture<HttpResponse<Void>> answer = client.sendAsync(request.build(), sink);
            int status = await(answer, sink).statusCode();
            return status == 200 || status == 206 ? "" : "status " + status;
        } catch (ExecutionException e) {
            return reason(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            return "no answer within " + patience.toSeconds() + " s";
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while downloading " + address);
        }
    }

    private HttpResponse<Void> await(CompletableFuture<HttpResponse<Void>> answer, FileSink sink)
            throws ExecutionException, InterruptedException, TimeoutException {
        try {
            while (true) {
                try {
                    return answer.get(100, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    if (sink.idleNanos() > patience.toNanos()) {
                        throw e;
                    }
                }
            }
        } finally {
            answer.cancel(true);
        }
    }

    private static String reason(Throwable cause) {
        if (cause instanceof java.net.ConnectException
                || cause instanceof java.nio.channels.UnresolvedAddressException) {
            return "no connection";
        }
        if (cause instanceof java.net.http.HttpTimeoutException) {
            return "no answer in time";
        }
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName().toLowerCase(Locale.ROOT) : message;
    }
}
