// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The keys that callers must show. Only their hashes are held; each comparison takes the same time, whatever is shown. */
public final class ApiKeys {
    /** Everybody may call. */
    public static final ApiKeys NONE = new ApiKeys(List.of());

    private static final int SHORTEST = 16;
    private static final String BEARER = "Bearer ";
    private static final String BASIC = "Basic ";

    private final List<byte[]> hashes;

    private ApiKeys(List<byte[]> hashes) {
        this.hashes = hashes;
    }

    /** @throws Problem (a wrong request) where one is too short to be a secret */
    public static ApiKeys of(List<String> keys) {
        if (keys.stream().anyMatch(key -> key.length() < SHORTEST)) {
            throw Problem.request("a key must have at least " + SHORTEST + " characters");
        }
        return new ApiKeys(keys.stream().map(ApiKeys::hash).toList());
    }

    /**
     * One a line; empty lines and those that begin with # are left out.
     *
     * @throws Problem where the file cannot be read, or holds no key
     */
    public static ApiKeys read(Path file) {
        try {
            List<String> keys = Files.readAllLines(file).stream()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .toList();
            if (keys.isEmpty()) {
                throw Problem.request("{apiKeyFile} " + file + " holds no key: write one a line");
            }
            return of(keys);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    boolean isEmpty() {
        return hashes.isEmpty();
    }

    /**
     * Whose key it is, by a word that says nothing of the key.
     *
     * @param authorization the header: {@code Bearer KEY}, or {@code Basic} with the key as user's name, password or both with a colon
     * @return empty where it is none of them
     */
    Optional<String> owner(@Nullable String authorization) {
        Optional<String> found = Optional.empty();
        for (String shown : shown(authorization)) {
            byte[] hash = hash(shown);
            for (byte[] known : hashes) {
                if (MessageDigest.isEqual(hash, known)) {
                    found = Optional.of(HexFormat.of().formatHex(hash, 0, 8));
                }
            }
        }
        return found;
    }

    private static List<String> shown(@Nullable String authorization) {
        if (authorization == null) {
            return List.of();
        }
        if (authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return List.of(authorization.substring(BEARER.length()).strip());
        }
        if (!authorization.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
            return List.of();
        }
        try {
            String pair = new String(
                    Base64.getDecoder()
                            .decode(authorization.substring(BASIC.length()).strip()),
                    StandardCharsets.UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0 ? List.of(pair) : List.of(pair, pair.substring(0, colon), pair.substring(colon + 1));
        } catch (IllegalArgumentException e) {
            return List.of();
        }
    }

    private static byte[] hash(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
