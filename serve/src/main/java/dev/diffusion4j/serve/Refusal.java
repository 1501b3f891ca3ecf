// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.FieldNames;
import dev.diffusion4j.base.Worded;
import org.jspecify.annotations.Nullable;

/** A request that is answered with an error status and one line that says why. */
public final class Refusal extends RuntimeException implements Worded {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String text;
    private final String code;
    private final @Nullable String param;

    /**
     * @param text with fields in braces
     * @param code a word for programs
     * @param param the field that is wrong, as the request calls it
     */
    public Refusal(int status, String text, String code, @Nullable String param) {
        super(FieldNames.BARE.word(text), null, false, false);
        this.status = status;
        this.text = text;
        this.code = code;
        this.param = param;
    }

    /** The request cannot be understood. */
    public static Refusal malformed(String text) {
        return new Refusal(400, text, "malformed_request", null);
    }

    /** A field's value is not allowed. */
    public static Refusal value(String param, String text) {
        return new Refusal(400, text, "invalid_value", param);
    }

    /** More than this server gives. */
    public static Refusal limit(String param, String text) {
        return new Refusal(422, text, "limit_exceeded", param);
    }

    /** There is nothing of this name. */
    public static Refusal missing(String text) {
        return new Refusal(404, text, "not_found", null);
    }

    /** Of HTTP. */
    int status() {
        return status;
    }

    String code() {
        return code;
    }

    @Nullable
    String param() {
        return param;
    }

    @Override
    public String worded(FieldNames names) {
        return names.word(text);
    }
}
