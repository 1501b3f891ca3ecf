// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A closed choice that has a name in files and on the command line ({@code "v_prediction"}). */
public interface Keyed {
    /** The name in JSON, YAML and flags. */
    String key();

    /** What other programs call it: not accepted, but understood well enough to suggest {@link #key()}. */
    default List<String> otherNames() {
        return List.of();
    }

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
        throw new InvalidArgument("unknown " + name + " '" + key + "'"
                + hint(key, Arrays.asList(type.getEnumConstants())) + "; choose one of " + String.join(", ", keys));
    }

    /** {@code " (did you mean 'x'?)"} for the choice that another program calls {@code word}, else the nearest; or nothing. */
    static String hint(String word, List<? extends Keyed> choices) {
        String plain = plain(word);
        return choices.stream()
                .filter(choice -> plain(choice.key()).equals(plain)
                        || choice.otherNames().stream()
                                .anyMatch(name -> plain(name).equals(plain)))
                .findFirst()
                .map(choice -> " (did you mean '" + choice.key() + "'?)")
                .orElseGet(() ->
                        Nearest.hint(word, choices.stream().map(Keyed::key).toList()));
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[\\s_-]", "");
    }
}
