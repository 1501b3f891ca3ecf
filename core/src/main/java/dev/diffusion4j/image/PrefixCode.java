// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A canonical prefix code of WebP (RFC 9649, 3.7.2.1): Huffman's, with a longest word. */
final class PrefixCode {
    private static final int LONGEST = 15;
    private static final int LONGEST_OF_LENGTHS = 7;
    private static final int[] ORDER = {17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    private final int[] lengths;
    private final int[] words;
    private final int used;

    /** A symbol, or two nodes, between which one more bit chooses. */
    private record Node(long weight, int symbol, int order, Node[] below) {}

    private PrefixCode(int[] lengths) {
        this.lengths = lengths;
        this.words = words(lengths);
        this.used = (int) Arrays.stream(lengths).filter(length -> length > 0).count();
    }

    /** Of a single symbol, which takes no bits. */
    static PrefixCode single(int symbol) {
        int[] lengths = new int[symbol + 1];
        lengths[symbol] = 1;
        return new PrefixCode(lengths);
    }

    /** For these symbols, each below {@code size}. */
    static PrefixCode of(int[] symbols, int size) {
        long[] counts = new long[size];
        for (int symbol : symbols) {
            counts[symbol]++;
        }
        return new PrefixCode(lengths(counts, LONGEST));
    }

    /** Huffman's lengths; where one is too long, rare symbols count for more. */
    private static int[] lengths(long[] counts, int longest) {
        for (long least = 1; ; least *= 2) {
            int[] lengths = huffman(counts, least);
            if (Arrays.stream(lengths).max().orElse(0) <= longest) {
                return lengths;
            }
        }
    }

    private static int[] huffman(long[] counts, long least) {
        PriorityQueue<Node> nodes =
                new PriorityQueue<>(Comparator.comparingLong(Node::weight).thenComparingInt(Node::order));
        for (int symbol = 0; symbol < counts.length; symbol++) {
            if (counts[symbol] > 0) {
                nodes.add(new Node(Math.max(least, counts[symbol]), symbol, symbol, new Node[0]));
            }
        }
        int[] lengths = new int[counts.length];
        int order = counts.length;
        while (nodes.size() > 1) {
            Node one = nodes.remove();
            Node other = nodes.remove();
            nodes.add(new Node(one.weight + other.weight, -1, order++, new Node[] {one, other}));
        }
        if (!nodes.isEmpty()) {
            deepen(nodes.remove(), 0, lengths);
        }
        return lengths;
    }

    private static void deepen(Node node, int depth, int[] lengths) {
        if (node.below.length == 0) {
            lengths[node.symbol] = Math.max(1, depth);
        }
        for (Node each : node.below) {
            deepen(each, depth + 1, lengths);
        }
    }

    /** Shorter ones first, then by symbol; the highest bit of a word comes first, so that it is turned round here. */
    private static int[] words(int[] lengths) {
        int[] words = new int[lengths.length];
        int next = 0;
        for (int length = 1; length <= LONGEST; length++) {
            for (int symbol = 0; symbol < lengths.length; symbol++) {
                if (lengths[symbol] == length) {
                    words[symbol] = Integer.reverse(next) >>> 32 - length;
                    next++;
                }
            }
            next <<= 1;
        }
        return words;
    }

    void write(WebpFile.BitWriter out, int symbol) {
        if (used > 1) {
            out.write(words[symbol], lengths[symbol]);
        }
    }

    /** Writes the code itself. */
    void describe(WebpFile.BitWriter out) {
        int[] symbols = java.util.stream.IntStream.range(0, lengths.length)
                .filter(symbol -> lengths[symbol] > 0)
                .toArray();
        if (symbols.length <= 2 && Arrays.stream(symbols).allMatch(symbol -> symbol < 256)) {
            out.write(1, 1);
            out.write(Math.max(0, symbols.length - 1), 1);
            out.write(1, 1); // the first has eight bits
            out.write(symbols.length == 0 ? 0 : symbols[0], 8);
            if (symbols.length == 2) {
                out.write(symbols[1], 8);
            }
            return;
        }
        out.write(0, 1);
        long[] counts = new long[ORDER.length];
        for (int length : lengths) {
            counts[length]++;
        }
        PrefixCode ofLengths = new PrefixCode(lengths(counts, LONGEST_OF_LENGTHS));
        out.write(ORDER.length - 4, 4);
        for (int symbol : ORDER) {
            out.write(ofLengths.lengths[symbol], 3);
        }
        out.write(0, 1); // a length for each symbol follows
        for (int length : lengths) {
            ofLengths.write(out, length);
        }
    }
}
