// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

/**
 * A file of a repository.
 *
 * @param path with slashes
 * @param size bytes
 * @param etag SHA-256 of a large file (LFS), else git's SHA-1 of a blob
 */
public record HubEntry(String path, long size, String etag) {}
