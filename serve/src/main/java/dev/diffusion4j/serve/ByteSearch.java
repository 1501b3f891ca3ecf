// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

/** Finds some bytes in others, in a time that grows with the length of those alone (Knuth, Morris and Pratt 1977, "Fast Pattern Matching in Strings"). */
final class ByteSearch {
    private final byte[] some;
    /** How many of the first bytes are still there where the next one is another. */
    private final int[] back;

    ByteSearch(byte[] some) {
        this.some = some.clone();
        this.back = new int[some.length + 1];
        back[0] = -1;
        for (int i = 0, k = -1; i < some.length; i++) {
            while (k >= 0 && some[i] != some[k]) {
                k = back[k];
            }
            k++;
            back[i + 1] = k;
        }
    }

    int length() {
        return some.length;
    }

    /** Where they are, at {@code from} or later; −1 for nowhere. */
    int find(byte[] all, int from) {
        int k = 0;
        for (int i = from; i < all.length; i++) {
            while (k >= 0 && all[i] != some[k]) {
                k = back[k];
            }
            k++;
            if (k == some.length) {
                return i + 1 - k;
            }
        }
        return -1;
    }
}
