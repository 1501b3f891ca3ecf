// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.diffusion4j.checkpoint.Craft.Pickle;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Pickles that are not sound or made to do harm, and words of the line that each gets. */
final class BrokenPickles {
    private BrokenPickles() {}

    static Stream<Arguments> cases() {
        long[] none = {};
        return Stream.of(
                arguments(
                        "text of 4 GiB",
                        new Pickle().op(PickleOp.BINUNICODE).i32(-1).bytes(),
                        "its pickle claims more than"),
                arguments(
                        "text of 2^63",
                        new Pickle()
                                .op(PickleOp.BINUNICODE8)
                                .i64(Long.MIN_VALUE)
                                .bytes(),
                        "claims more than"),
                arguments(
                        "text of 50 MB",
                        new Pickle().op(PickleOp.BINUNICODE).i32(50_000_000).bytes(),
                        "it ends in the middle"),
                arguments(
                        "number of 2 GiB",
                        new Pickle().op(PickleOp.LONG4).i32(Integer.MAX_VALUE).bytes(),
                        "a number of 2147483647 bytes"),
                arguments("endless name", new Pickle().times(1 << 20, 'c').end(), "longer than 1000"),
                arguments(
                        "20 million lists", new Pickle().times(20_000_000, ']').end(), "makes more than"),
                arguments(
                        "20 million marks", new Pickle().times(20_000_000, '(').end(), "makes more than"),
                arguments(
                        "20 million memos",
                        new Pickle().op('N').times(20_000_000, 0x94).end(),
                        "makes more than"),
                arguments("lists of lists of lists", laughs(), "are too long"),
                arguments(
                        "a list in itself",
                        new Pickle().op(']', 'q', 0, 'h', 0, 'a').end(),
                        "nests more than 64"),
                arguments("nothing on the stack", new Pickle().end(), "a value that is not there"),
                arguments(
                        "nothing since the mark", new Pickle().op('N', '(', '0').end(), "a value that is not there"),
                arguments("no mark", new Pickle().op('t').end(), "a mark that is not there"),
                arguments("no memo", new Pickle().op('h', 7).end(), "the value 7"),
                arguments(
                        "append to a tuple",
                        new Pickle().op(')', 'N', 'a').end(),
                        "appends to something that is no list"),
                arguments(
                        "a key without a value",
                        new Pickle().op('}', '(', 'N', 'u').end(),
                        "no dictionary"),
                arguments("attributes of a list", new Pickle().op(']', '}', 'b').end(), "sets attributes"),
                arguments("an old instruction", new Pickle().op('I', '1', '\n').end(), "unknown instruction 0x49"),
                arguments("protocol 9", new Pickle().op(0x80, 9).end(), "has protocol 9"),
                arguments("os.system", new Pickle().global("os", "system").end(), "calls 'os.system'"),
                arguments(
                        "by stack",
                        new Pickle().text("builtins").text("eval").op(0x93).end(),
                        "calls 'builtins.eval'"),
                arguments(
                        "quantized",
                        new Pickle().global("torch._utils", "_rebuild_qtensor").end(),
                        "holds 'torch._utils._rebuild_qtensor'"),
                arguments(
                        "calls a text", new Pickle().text("eval").op(')', 'R').end(), "something that is no function"),
                arguments(
                        "no arguments",
                        new Pickle()
                                .global("torch._utils", "_rebuild_tensor_v2")
                                .op(')', 'R')
                                .end(),
                        "wrong arguments"),
                arguments("rebuilds a rebuilding", nestedCalls(), "wrong arguments"),
                arguments("no storage", new Pickle().text("0").op('Q').end(), "something that is no storage"),
                arguments(
                        "2^62 numbers",
                        new Pickle().storage("FloatStorage", "0", 1L << 62).end(),
                        "storage 0 would have"),
                arguments(
                        "-1 numbers",
                        new Pickle().storage("FloatStorage", "0", -1).end(),
                        "no storage"),
                arguments(
                        "a storage twice",
                        new Pickle()
                                .storage("FloatStorage", "0", 1)
                                .storage("LongStorage", "0", 1)
                                .end(),
                        "two ways"),
                arguments(
                        "a larger storage",
                        new Pickle().tensor(5, 0, none, none).end(),
                        "should have 20 bytes, but has 16"),
                arguments(
                        "a missing storage",
                        new Pickle().storage("FloatStorage", "../data.pkl", 4).end(),
                        "no record 'archive/data/../data.pkl'"),
                arguments(
                        "beyond its storage",
                        new Pickle()
                                .tensor(4, 1, new long[] {4}, new long[] {1})
                                .end(),
                        "reaches beyond its storage"),
                arguments(
                        "far beyond",
                        new Pickle()
                                .tensor(4, 0, new long[] {3}, new long[] {1L << 62})
                                .end(),
                        "reaches beyond"),
                arguments(
                        "before its storage",
                        new Pickle()
                                .tensor(4, -1, new long[] {1}, new long[] {1})
                                .end(),
                        "reaches beyond"),
                arguments(
                        "negative stride",
                        new Pickle()
                                .tensor(4, 3, new long[] {4}, new long[] {-1})
                                .end(),
                        "not a whole number >= 0"),
                arguments(
                        "sizes without strides",
                        new Pickle().tensor(4, 0, new long[] {4}, none).end(),
                        "impossible shape"),
                arguments(
                        "65 dimensions",
                        new Pickle().tensor(4, 0, new long[65], new long[65]).end(),
                        "impossible shape"),
                arguments(
                        "2^80 repeats",
                        new Pickle()
                                .tensor(4, 0, new long[] {1L << 40, 1L << 40}, new long[2])
                                .end(),
                        "impossible shape"),
                arguments(
                        "2^40 repeats",
                        new Pickle()
                                .tensor(4, 0, new long[] {1L << 40}, new long[1])
                                .end(),
                        "repeats a storage of 16 bytes"));
    }

    /** Ten lists, each with the last one ten times, seventy times over. */
    private static byte[] laughs() {
        Pickle pickle = new Pickle().op(']', 'q', 0);
        for (int i = 0; i < 60; i++) {
            pickle.op(']', '(').op('h', i, 'h', i, 'h', i, 'e', 'q', i + 1);
        }
        return pickle.end();
    }

    private static byte[] nestedCalls() {
        Pickle pickle =
                new Pickle().global("torch._tensor", "_rebuild_from_type_v2").op('q', 0, '0', ')', 'q', 1, '0');
        for (int i = 0; i < 10_000; i++) {
            pickle.op('(', 'h', 0, 'N', 'h', 1, 't', 'q', 1, '0');
        }
        return pickle.op('h', 0, 'h', 1, 'R').end();
    }
}
