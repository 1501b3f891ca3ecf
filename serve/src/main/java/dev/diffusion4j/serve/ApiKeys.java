// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The keys that callers must show. Only their hashes are held; each comparison takes the same time, whatever is shown. */
public final class ApiKeys {
    /** Everybody may call. */
    public static final ApiKeys NONE = new ApiKeys(List.of());

    private static final Logger LOG = LoggerFactory.getLogger(ApiKeys.class);
    private static final int SHORTEST = 16;
    /** With which some editors begin a file. */
    private static final String BYTE_ORDER = "\ufeff";

    private static final String BEARER = "Bearer ";
    private static final String BASIC = "Basic ";

    private final List<byte[]> hashes;

    private ApiKeys(List<byte[]> hashes) {
        this.hashes = hashes;
    }

    /** @throws Problem (a wrong request) where one is too short to be a secret, or cannot stand in a header */
    public static ApiKeys of(List<String> keys) {
        keys.forEach(key -> check(key, "a key"));
        return new ApiKeys(keys.stream().map(ApiKeys::hash).toList());
    }

    private static void check(String key, String what) {
        if (key.length() < SHORTEST) {
            throw Problem.request(what + " must have at least " + SHORTEST + " characters");
        }
        if (!key.chars().allMatch(letter -> letter >= ' ' && letter <= '~')) {
            throw Problem.request(what + " must be of ASCII's letters, digits and signs");
        }
    }

    /**
     * One a line; spaces around it, empty lines and those that begin with # do not count. Where others than its owner may read the file, that is
     * logged.
     *
     * @throws Problem where the file cannot be read, holds no key or one that is none, or others than its owner may write it
     */
    public static ApiKeys read(Path file) {
        try {
            checkPermissions(file);
            List<String> lines = Files.readAllLines(file);
            List<String> keys = new ArrayList<>();
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i).replace(BYTE_ORDER, "").strip();
                if (!line.isEmpty() && !line.startsWith("#")) {
                    check(line, "{apiKeyFile} " + file + ": the key in line " + (i + 1));
                    keys.add(line);
                }
            }
            if (keys.isEmpty()) {
                throw Problem.request("{apiKeyFile} " + file + " holds no key: write one a line");
            }
            return of(keys);
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static void checkPermissions(Path file) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (view == null) {
            return; // a system without such permissions
        }
        Set<PosixFilePermission> all = view.readAttributes().permissions();
        if (all.contains(PosixFilePermission.OTHERS_WRITE) || all.contains(PosixFilePermission.GROUP_WRITE)) {
            throw Problem.request("{apiKeyFile} " + file + " can be written by others ("
                    + PosixFilePermissions.toString(all) + "), who could add a key of their own: chmod 600 " + file);
        }
        if (all.contains(PosixFilePermission.OTHERS_READ) || all.contains(PosixFilePermission.GROUP_READ)) {
            LOG.warn(
                    "{} can be read by others than its owner ({}), who then know the keys: chmod 600 {}",
                    file,
                    PosixFilePermissions.toString(all),
                    file);
        }
    }

    /** Whether everybody may call. */
    public boolean isEmpty() {
        return hashes.isEmpty();
    }

    /**
     * Whose key it is, by a word that says nothing of the key.
     *
     * @param authorization the header: {@code Bearer KEY}, or {@code Basic} with the key as user's name, password or both with a colon
     * @return empty where it is none of them
     */
    public Optional<String> owner(@Nullable String authorization) {
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
