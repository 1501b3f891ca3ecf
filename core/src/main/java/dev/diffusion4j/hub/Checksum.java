// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.Hashes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Of a file that grows, by what its ETag is: SHA-256, git's SHA-1 of a blob, or nothing that can be checked. */
final class Checksum {
    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern GIT = Pattern.compile("[0-9a-f]{40}");

    private final String expected;
    private final @Nullable MessageDigest digest;

    /** @param size of the whole file, which git's sum begins with */
    Checksum(String etag, long size) {
        expected = etag;
        if (SHA_256.matcher(etag).matches()) {
            digest = Hashes.digest("SHA-256");
        } else if (GIT.matcher(etag).matches() && size >= 0) {
            digest = Hashes.digest("SHA-1");
            digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
        } else {
            digest = null;
        }
    }

    void update(ByteBuffer bytes) {
        if (digest != null) {
            digest.update(bytes.duplicate());
        }
    }

    /** Whether all that was seen is the file; may be asked once. */
    boolean isRight() {
        return digest == null || Hashes.hex(digest.digest()).equals(expected);
    }
}
