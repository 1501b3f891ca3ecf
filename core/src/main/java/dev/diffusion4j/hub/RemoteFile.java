// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import java.io.IOException;
import java.net.URI;
import java.util.regex.Pattern;

/**
 * What the Hub says of a file before it is fetched.
 *
 * @param commit of the revision that was asked for
 * @param etag SHA-256 of a large file, else git's SHA-1 of a blob; the blob's name in the cache
 * @param size bytes; −1 where it is not known
 */
record RemoteFile(URI address, String commit, String etag, long size) {
    private static final Pattern NAME = Pattern.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,254}");

    static RemoteFile of(URI address, HubHttp.Answer answer) throws IOException {
        String commit = answer.header("X-Repo-Commit");
        String etag = answer.header("X-Linked-Etag");
        etag = (etag.isEmpty() ? answer.header("ETag") : etag)
                .replaceFirst("^W/", "")
                .replace("\"", "");
        String size = answer.header("X-Linked-Size");
        size = size.isEmpty() ? answer.header("Content-Length") : size;
        if (!HubRepo.isCommit(commit) || !NAME.matcher(etag).matches()) {
            throw new IOException("an answer without a commit and an ETag: is this a Hub?");
        }
        try {
            return new RemoteFile(address, commit, etag, size.isEmpty() ? -1 : Long.parseLong(size));
        } catch (NumberFormatException e) {
            throw new IOException("a size that is no number: " + size, e);
        }
    }
}
