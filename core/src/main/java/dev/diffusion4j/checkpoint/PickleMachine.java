// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static dev.diffusion4j.checkpoint.PickleOp.*;

import dev.diffusion4j.base.HeapShare;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Pickled.Dictionary;
import dev.diffusion4j.checkpoint.Pickled.Global;
import dev.diffusion4j.checkpoint.Pickled.Opaque;
import dev.diffusion4j.checkpoint.Pickled.Sequence;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a pickle: a program for a machine with a stack, described in Python's {@code pickletools.py}. This one builds plain
 * values; whatever the program names or would call is put before an {@link Objects}, which knows a few names by heart and
 * refuses all others. Nothing of the file is ever run.
 */
final class PickleMachine {
    /** What may be named, called and referred to. All throw {@link Problem} at what they do not know. */
    interface Objects {
        /** The value that a name of Python stands for. */
        Object named(String module, String name);

        /** The result of calling {@code function}. */
        Object call(Global function, List<Object> arguments);

        /** What lies outside the pickle: a storage. */
        Object outside(Object id);
    }

    private static final int NEWEST_PROTOCOL = 5;
    private static final int MAX_VALUES = HeapShare.count(4_000_000, 64);

    private final PickleInput in;
    private final Objects objects;
    private final String where;
    private final List<Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private int values;

    private PickleMachine(PickleInput in, Objects objects, String where) {
        this.in = in;
        this.objects = objects;
        this.where = where;
    }

    /** The value of the pickle that begins at the input's next byte; the input stands behind its end then. */
    static Object read(PickleInput in, Objects objects, String where) {
        PickleMachine machine = new PickleMachine(in, objects, where);
        for (int op = in.u8(); op != STOP; op = in.u8()) {
            if (!machine.number(op) && !machine.text(op) && !machine.container(op) && !machine.reference(op)) {
                throw machine.broken(
                        String.format(java.util.Locale.ROOT, "its pickle holds the unknown instruction 0x%02x", op));
            }
        }
        return machine.pop();
    }

    private boolean number(int op) {
        switch (op) {
            case PROTO -> protocol(in.u8());
            case FRAME -> in.i64();
            case NONE -> push(Opaque.NONE);
            case NEWTRUE -> push(true);
            case NEWFALSE -> push(false);
            case BININT -> push((long) in.i32());
            case BININT1 -> push((long) in.u8());
            case BININT2 -> push((long) in.u16());
            case LONG1 -> push(in.integer(in.u8()));
            case LONG4 -> push(in.integer(in.i32()));
            case BINFLOAT -> push(in.f64());
            default -> {
                return false;
            }
        }
        return true;
    }

    private void protocol(int version) {
        if (version > NEWEST_PROTOCOL) {
            throw broken("its pickle has protocol " + version + "; known are 2 to " + NEWEST_PROTOCOL);
        }
    }

    private boolean text(int op) {
        switch (op) {
            case SHORT_BINUNICODE -> push(unicode(in.bytes(in.u8())));
            case BINUNICODE -> push(unicode(in.bytes(in.u32())));
            case BINUNICODE8 -> push(unicode(in.bytes(in.i64())));
            case SHORT_BINSTRING -> push(python2(in.bytes(in.u8())));
            case BINSTRING -> push(python2(in.bytes(in.u32())));
            case SHORT_BINBYTES -> push(in.bytes(in.u8()));
            case BINBYTES -> push(in.bytes(in.u32()));
            case BINBYTES8, BYTEARRAY8 -> push(in.bytes(in.i64()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private String unicode(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw broken("its pickle holds a text that is not UTF-8");
        }
    }

    /** Python 2 had one type for texts and bytes. */
    private static Object python2(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return bytes;
        }
    }

    private boolean container(int op) {
        switch (op) {
            case EMPTY_TUPLE -> push(Sequence.tuple());
            case TUPLE1 -> push(Sequence.tuple(pop()));
            case TUPLE2 -> {
                Object second = pop();
                push(Sequence.tuple(pop(), second));
            }
            case TUPLE3 -> {
                Object third = pop();
                Object second = pop();
                push(Sequence.tuple(pop(), second, third));
            }
            case TUPLE, FROZENSET -> push(new Sequence(popMarked(), false));
            case EMPTY_LIST, EMPTY_SET -> push(Sequence.list());
            case APPEND -> append(List.of(pop()));
            case APPENDS, ADDITEMS -> append(popMarked());
            case EMPTY_DICT -> push(new Dictionary());
            case SETITEM -> {
                Object value = pop();
                put(List.of(pop(), value));
            }
            case SETITEMS -> put(popMarked());
            default -> {
                return false;
            }
        }
        return true;
    }

    private void append(List<Object> items) {
        if (!(top() instanceof Sequence sequence) || !sequence.mutable) {
            throw broken("its pickle appends to something that is no list");
        }
        sequence.items.addAll(items);
    }

    private void put(List<Object> keysAndValues) {
        if (!(top() instanceof Dictionary dictionary) || keysAndValues.size() % 2 != 0) {
            throw broken("its pickle sets a key of something that is no dictionary");
        }
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            dictionary.keys.add(keysAndValues.get(i));
            dictionary.values.add(keysAndValues.get(i + 1));
        }
    }

    private boolean reference(int op) {
        switch (op) {
            case MARK -> {
                count();
                marks.add(stack.size());
            }
            case POP -> pop();
            case POP_MARK -> popMarked();
            case DUP -> push(top());
            case BINGET -> push(recall(in.u8()));
            case LONG_BINGET -> push(recall(in.u32()));
            case BINPUT -> remember(in.u8());
            case LONG_BINPUT -> remember(in.u32());
            case MEMOIZE -> remember(memo.size());
            case GLOBAL -> {
                String module = in.line();
                push(objects.named(module, in.line()));
            }
            case STACK_GLOBAL -> {
                String name = popText();
                push(objects.named(popText(), name));
            }
            case REDUCE, NEWOBJ -> call(pop());
            case NEWOBJ_EX -> {
                if (!(pop() instanceof Dictionary named) || !named.keys.isEmpty()) {
                    throw broken("its pickle calls something with named arguments");
                }
                call(pop());
            }
            case BUILD -> build();
            case BINPERSID -> push(objects.outside(pop()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private String popText() {
        if (!(pop() instanceof String text)) {
            throw broken("its pickle names something by a value that is no text");
        }
        return text;
    }

    private void call(Object arguments) {
        if (!(pop() instanceof Global function) || !(arguments instanceof Sequence sequence)) {
            throw broken("its pickle calls something that is no function");
        }
        push(objects.call(function, sequence.items));
    }

    /** Sets attributes of an object. Dictionaries have some ({@code _metadata}), which hold no weights, and so has what no tensor depends on. */
    private void build() {
        pop();
        if (!(top() instanceof Dictionary) && top() != Opaque.OTHER) {
            throw broken("its pickle sets attributes of something that is no dictionary");
        }
    }

    private Object recall(long index) {
        Object value = memo.get(index);
        if (value == null) {
            throw broken("its pickle refers to the value " + index + ", which it has not made");
        }
        return value;
    }

    private void remember(long index) {
        count();
        memo.put(index, top());
    }

    private void push(Object value) {
        count();
        stack.add(value);
    }

    private void count() {
        if (++values > MAX_VALUES) {
            throw broken("its pickle makes more than " + MAX_VALUES + " values");
        }
    }

    private Object top() {
        int floor = marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
        if (stack.size() <= floor) {
            throw broken("its pickle uses a value that is not there");
        }
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        Object value = top();
        stack.remove(stack.size() - 1);
        return value;
    }

    /** All values since the last mark, which goes too. */
    private List<Object> popMarked() {
        if (marks.isEmpty()) {
            throw broken("its pickle uses a mark that is not there");
        }
        List<Object> since = stack.subList(marks.remove(marks.size() - 1), stack.size());
        List<Object> values = new ArrayList<>(since);
        since.clear();
        return values;
    }

    private Problem broken(String what) {
        return TorchPickle.broken(where, what);
    }
}
