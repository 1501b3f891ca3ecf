// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.util.Arrays;
import java.util.List;

/** A closed choice that has a name in files and on the command line ({@code "v_prediction"}). */
public interface Keyed {
    /** The name in JSON, YAML and flags. */
    String key();

    /**
     * The constant of {@code type} named {@code key}, in any letter case.
     *
     * @throws IllegalArgumentException naming the choices where there is none
     */
    static <E extends Enum<E> & Keyed> E fromKey(Class<E> type, String key, String name) {
        for (E constant : type.getEnumConstants()) {
            if (constant.key().equalsIgnoreCase(key)) {
                return constant;
            }
        }
        List<String> keys =
                Arrays.stream(type.getEnumConstants()).map(Keyed::key).toList();
        throw new IllegalArgumentException("unknown " + name + " '" + key + "'" + Nearest.hint(key, keys)
                + "; choose one of " + String.join(", ", keys));
    }
}
