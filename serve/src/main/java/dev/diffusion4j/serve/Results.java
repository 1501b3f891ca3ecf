// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Pictures that wait to be fetched by an address that nobody can guess, for a while; the oldest go where there are too many. Thread-safe. */
final class Results {
    private static final int MOST = 1000;
    private static final int SECRET_BYTES = 24;

    private final long life;
    private final long mostBytes;
    private final LongSupplier nanoTime;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Kept> all = new LinkedHashMap<>();
    private long bytes;

    /** A file, and when it goes. */
    record Kept(byte[] file, PictureForm.Kind kind, long ends) {}

    /** @param mostBytes of all together; the latest is kept in any case */
    Results(Duration life, long mostBytes, LongSupplier nanoTime) {
        this.life = life.toNanos();
        this.mostBytes = mostBytes;
        this.nanoTime = nanoTime;
    }

    /** Keeps a file; returns the name to fetch it by. */
    synchronized String put(byte[] file, PictureForm.Kind kind) {
        long now = nanoTime.getAsLong();
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        String name = Base64.getUrlEncoder().withoutPadding().encodeToString(secret) + "." + kind.word();
        all.put(name, new Kept(file, kind, now + life));
        bytes += file.length;
        drop(now);
        return name;
    }

    synchronized Optional<Kept> get(String name) {
        drop(nanoTime.getAsLong());
        return Optional.ofNullable(all.get(name));
    }

    private void drop(long now) {
        Iterator<Kept> oldest = all.values().iterator();
        while (oldest.hasNext()) {
            Kept kept = oldest.next();
            boolean fits = all.size() == 1 || all.size() <= MOST && bytes <= mostBytes;
            if (kept.ends - now > 0 && fits) {
                return;
            }
            bytes -= kept.file.length;
            oldest.remove();
        }
    }
}
