// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.Problem;
import java.util.regex.Pattern;

/** Who asks the Hub. It cannot be printed by accident. */
public final class HubToken {
    private static final Pattern FORM = Pattern.compile("[\\x21-\\x7E]+");

    private final String secret;

    private HubToken(String secret) {
        this.secret = secret;
    }

    /**
     * @param where it stands, for the message
     * @throws Problem (a wrong request) where it holds what no token holds, without repeating it
     */
    public static HubToken of(String secret, String where) {
        if (!FORM.matcher(secret).matches()) {
            throw Problem.request("the token in " + where + " holds blanks or other characters that no token has:"
                    + " copy it again from the Hub's settings, Access Tokens");
        }
        return new HubToken(secret);
    }

    /** For the header of a request, and for the token's own file. */
    public String secret() {
        return secret;
    }

    @Override
    public String toString() {
        return "a token";
    }
}
