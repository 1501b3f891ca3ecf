// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import java.util.ArrayList;
import java.util.List;

/**
 * The values that a pickle may hold: {@code Boolean}, {@code Long}, {@code BigInteger}, {@code Double}, {@code String},
 * {@code byte[]}, {@link TorchStorage}, {@link StoredTensor}, and those below. Containers are equal only to themselves:
 * comparing what is in them could take for ever where a hostile file nests them.
 */
final class Pickled {
    private Pickled() {}

    /** Values without content here. */
    enum Opaque {
        /** Python's {@code None}. */
        NONE,
        /** An object that no tensor depends on, such as a {@code torch.device}. */
        OTHER
    }

    /** A list or a set; or a tuple, which is not mutable. */
    static final class Sequence {
        final List<Object> items;
        final boolean mutable;

        Sequence(List<Object> items, boolean mutable) {
            this.items = items;
            this.mutable = mutable;
        }

        static Sequence list() {
            return new Sequence(new ArrayList<>(0), true);
        }

        static Sequence tuple(Object... items) {
            return new Sequence(List.of(items), false);
        }
    }

    /** A dictionary in its order: a key for each value, as they came, also where a key comes twice. */
    static final class Dictionary {
        final List<Object> keys = new ArrayList<>(0);
        final List<Object> values = new ArrayList<>(0);
    }

    /** A Python class, function or constant, by its full name; only named, never loaded. */
    record Global(String name) {}
}
