// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A repository at a revision.
 *
 * @param type what it holds
 * @param id {@code org/name}, or a bare name of the Hub's first days
 * @param revision a branch, a tag, {@code refs/pr/N}, or a commit's 40 hexadecimal digits
 */
public record HubRepo(Type type, String id, String revision) {
    public static final String MAIN = "main";

    private static final Pattern PART = Pattern.compile("[\\w](?:[\\w.-]{0,94}[\\w])?");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern REVISION = Pattern.compile("[\\w][\\w./+-]{0,250}");

    /** What a repository holds. */
    public enum Type {
        MODEL("models", ""),
        DATASET("datasets", "datasets/");

        private final String plural;
        private final String urlPrefix;

        Type(String plural, String urlPrefix) {
            this.plural = plural;
            this.urlPrefix = urlPrefix;
        }

        /** As the API and the cache's folders name it: {@code models}. */
        String plural() {
            return plural;
        }

        /** Before the id in addresses of files. */
        String urlPrefix() {
            return urlPrefix;
        }

        /** {@code model}, {@code dataset}. */
        String singular() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @throws IllegalArgumentException where the id or the revision is none */
    public HubRepo {
        if (!isId(id)) {
            throw new IllegalArgumentException("'" + id + "' is no repository: write it as organisation/name");
        }
        if (!REVISION.matcher(revision).matches() || revision.contains("..") || revision.contains("//")) {
            throw new IllegalArgumentException("'" + revision + "' is no revision of " + id
                    + ": it is a branch, a tag or a commit, main for example");
        }
    }

    /** A model at its main branch. */
    public static HubRepo model(String id) {
        return new HubRepo(Type.MODEL, id, MAIN);
    }

    /** A data set at its main branch. */
    public static HubRepo dataset(String id) {
        return new HubRepo(Type.DATASET, id, MAIN);
    }

    /**
     * {@code org/name} or {@code org/name@revision}.
     *
     * @return empty where the text is not of that form
     * @throws Problem (a wrong request) where what stands before the @ is an id, but what stands behind is no revision
     */
    public static Optional<HubRepo> parse(Type type, String text) {
        int at = text.indexOf('@');
        String id = at < 0 ? text : text.substring(0, at);
        if (!id.contains("/") || !isId(id)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new HubRepo(type, id, at < 0 ? MAIN : text.substring(at + 1)));
        } catch (IllegalArgumentException e) {
            throw Problem.request(Worded.marked(e));
        }
    }

    /** The id of the model in whose folder of a cache a path leads; empty for other paths. */
    public static Optional<String> cachedIn(Path place) {
        String begin = Type.MODEL.plural() + "--";
        for (int i = 0; i + 1 < place.getNameCount(); i++) {
            String name = place.getName(i).toString();
            if (name.startsWith(begin) && place.getName(i + 1).toString().equals(HubCache.SNAPSHOTS)) {
                return Optional.of(name.substring(begin.length()).replace("--", "/"));
            }
        }
        return Optional.empty();
    }

    private static boolean isId(String id) {
        String[] parts = id.split("/", -1);
        if (parts.length > 2 || id.length() > 96) {
            return false;
        }
        for (String part : parts) {
            if (!PART.matcher(part).matches() || part.contains("--") || part.contains("..") || part.endsWith(".git")) {
                return false;
            }
        }
        return true;
    }

    /** The same at another revision. */
    public HubRepo at(String other) {
        return new HubRepo(type, id, other);
    }

    /** Whether the revision is a commit, which never changes. */
    boolean isCommit() {
        return isCommit(revision);
    }

    static boolean isCommit(String text) {
        return COMMIT.matcher(text).matches();
    }

    /** The name of its folder in the cache. */
    String folderName() {
        return type.plural() + "--" + id.replace("/", "--");
    }

    /** For messages: {@code org/name}, {@code org/name@v2}. */
    @Override
    public String toString() {
        return revision.equals(MAIN) ? id : id + "@" + revision;
    }
}
