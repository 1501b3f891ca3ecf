// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraView;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Views of networks by what they were made of; those that were used last are kept for the next call, as far as they are small. Thread-safe: a
 * view is made once for all who ask for it at the same time, and nobody else waits for it.
 *
 * @param <K> what decides a view
 */
final class KeptViews<K> implements AutoCloseable {
    private static final int MOST = 8;

    private final long mostBytes;
    private final Map<K, Entry> views = new LinkedHashMap<>(16, 0.75f, true);

    /** @param mostBytes what all may take together; the one that was used last stays in any case */
    KeptViews(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    private static final class Entry {
        private @Nullable LoraView view;
        private volatile long bytes;
        private int calls;

        /** The first who asks makes it; where that fails, the next tries it. */
        synchronized LoraView view(Supplier<LoraView> make) {
            LoraView made = view;
            if (made == null) {
                made = make.get();
                view = made;
                bytes = made.bytes();
            }
            return made;
        }

        synchronized boolean isMade() {
            return view != null;
        }

        synchronized void close() {
            if (view != null) {
                view.close();
            }
        }
    }

    /** Runs {@code body} with the networks seen through the view of {@code key}, which {@code make} makes where it is not kept. */
    <R> R run(K key, Supplier<LoraView> make, Supplier<R> body) {
        Entry entry = begin(key);
        try {
            LoraView view = entry.view(make);
            free(MOST, mostBytes);
            return view.run(body);
        } finally {
            end(entry);
        }
    }

    private synchronized Entry begin(K key) {
        Entry entry = views.computeIfAbsent(key, made -> new Entry());
        entry.calls++;
        return entry;
    }

    private synchronized void end(Entry entry) {
        entry.calls--;
        free(MOST, mostBytes);
    }

    /** Frees those that were not used longest and those that could not be made, but none that a call runs with. */
    private synchronized void free(int most, long bytes) {
        int count = views.size();
        long all = views.values().stream().mapToLong(entry -> entry.bytes).sum();
        Iterator<Entry> oldest = views.values().iterator();
        while (oldest.hasNext()) {
            Entry entry = oldest.next();
            boolean isTooMuch = count > most || all > bytes && count > 1;
            if (entry.calls == 0 && (isTooMuch || !entry.isMade())) {
                entry.close();
                oldest.remove();
                count--;
                all -= entry.bytes;
            }
        }
    }

    /** Frees all that no call runs with. */
    void freeUnused() {
        free(0, 0);
    }

    /** Frees them; no call runs any more. */
    @Override
    public void close() {
        freeUnused();
    }
}
