// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.HeapShare;
import dev.diffusion4j.checkpoint.Pickled.Dictionary;
import dev.diffusion4j.checkpoint.Pickled.Sequence;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives each tensor of nested dictionaries and lists a dotted name; see {@link TorchPickle}. */
final class TensorNames {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_NAME = 10_000;
    /** A few shared lists inside each other can hold more values than there are atoms. */
    private static final int MAX_VISITS = HeapShare.count(5_000_000, 64);

    private static final int MAX_LETTERS = HeapShare.count(200_000_000, 2);

    private final String where;
    private final Map<String, StoredTensor> found = new LinkedHashMap<>();
    private int visits;
    private long letters;

    private TensorNames(String where) {
        this.where = where;
    }

    static Map<String, StoredTensor> of(Object root, String where) {
        TensorNames names = new TensorNames(where);
        names.visit(root instanceof StoredTensor ? "tensor" : "", root, 0);
        return names.found;
    }

    private void visit(String name, Object value, int depth) {
        if (++visits > MAX_VISITS) {
            throw TorchPickle.broken(where, "it holds more than " + MAX_VISITS + " values");
        }
        if (value instanceof StoredTensor tensor) {
            if (found.put(name, tensor) != null) {
                throw TorchPickle.broken(where, "two of its tensors have the name '" + name + "'");
            }
        } else if (value instanceof Dictionary dictionary) {
            visitAll(name, dictionary.keys, dictionary.values, depth);
        } else if (value instanceof Sequence sequence) {
            visitAll(name, null, sequence.items, depth);
        }
    }

    private void visitAll(String name, @Nullable List<Object> keys, List<Object> values, int depth) {
        if (depth == MAX_DEPTH) {
            throw TorchPickle.broken(where, "it nests more than " + MAX_DEPTH + " values in each other");
        }
        for (int i = 0; i < values.size(); i++) {
            Object value = values.get(i);
            if (value instanceof StoredTensor || value instanceof Dictionary || value instanceof Sequence) {
                visit(join(name, keys == null ? String.valueOf(i) : key(keys.get(i))), value, depth + 1);
            }
        }
    }

    private String join(String name, String key) {
        int length = name.length() + key.length();
        letters += length;
        if (length > MAX_NAME || letters > MAX_LETTERS) {
            throw TorchPickle.broken(where, "the names of its tensors are too long");
        }
        return name.isEmpty() ? key : name + "." + key;
    }

    /** Most keys are texts, those of an optimizer's state are numbers; other values are distinguished only by their kind. */
    private static String key(Object key) {
        return key instanceof String || key instanceof Number || key instanceof Boolean ? key.toString() : "?";
    }
}
