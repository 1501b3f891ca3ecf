// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** States of texts, which it owns; those that were not asked for longest go where it grows too large. Thread-safe. */
final class TextCache implements AutoCloseable {
    private final long mostBytes;
    private final Map<Object, TextStates> known = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    private boolean closed;

    TextCache(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /**
     * The states of that key.
     *
     * @param made computes them where they are not known; may run for a key twice at a time
     * @return handles owned by the current scope
     */
    TextStates get(Object key, Supplier<TextStates> made) {
        synchronized (this) {
            TextStates found = known.get(key);
            if (found != null) {
                return handles(found);
            }
        }
        TextStates states = made.get();
        keep(key, states);
        return states;
    }

    /** Handles owned by the current scope; {@code null} where they are not known. */
    synchronized @Nullable TextStates find(Object key) {
        TextStates found = known.get(key);
        return found == null ? null : handles(found);
    }

    /** Keeps a copy of states, which may be views of others'. */
    TextStates kept(Object key, TextStates states) {
        Tensor pooled = states.pooled();
        TextStates own = new TextStates(states.states().contiguous().clone(), pooled == null ? null : pooled.clone());
        keep(key, own);
        return own;
    }

    private synchronized void keep(Object key, TextStates states) {
        if (closed || known.containsKey(key) || size(states) > mostBytes) {
            return;
        }
        Tensor pooled = states.pooled();
        known.put(key, new TextStates(own(states.states()), pooled == null ? null : own(pooled)));
        bytes += size(states);
        Iterator<TextStates> oldest = known.values().iterator();
        while (bytes > mostBytes) {
            TextStates gone = oldest.next();
            oldest.remove();
            bytes -= size(gone);
            gone.tensors().forEach(Tensor::close);
        }
    }

    private static Tensor own(Tensor tensor) {
        return TensorScope.ownResult(tensor::detach);
    }

    private static TextStates handles(TextStates states) {
        Tensor pooled = states.pooled();
        return new TextStates(new Tensor(states.states()), pooled == null ? null : new Tensor(pooled));
    }

    private static long size(TextStates states) {
        return states.tensors().stream().mapToLong(Tensors::byteSize).sum();
    }

    /** How many texts are kept. */
    synchronized int count() {
        return known.size();
    }

    /** Frees all; from then on nothing is kept. */
    @Override
    public synchronized void close() {
        closed = true;
        known.values().forEach(states -> states.tensors().forEach(Tensor::close));
        known.clear();
        bytes = 0;
    }
}
