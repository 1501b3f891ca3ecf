// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import org.jspecify.annotations.Nullable;

/** What {@link Check} throws: an {@link IllegalArgumentException} whose message a face can put in its own words. */
public final class InvalidArgument extends IllegalArgumentException implements Worded {
    private static final long serialVersionUID = 1L;

    private final String text;

    /** @param text may name fields in braces; see {@link FieldNames} */
    public InvalidArgument(String text) {
        this(text, null);
    }

    /** As {@link #InvalidArgument(String)}, keeping the cause. */
    public InvalidArgument(String text, @Nullable Throwable cause) {
        super(FieldNames.BARE.word(text), cause);
        this.text = text;
    }

    @Override
    public String worded(FieldNames names) {
        return names.word(text);
    }
}
