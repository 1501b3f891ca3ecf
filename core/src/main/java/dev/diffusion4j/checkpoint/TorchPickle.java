// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Pickled.Dictionary;
import dev.diffusion4j.checkpoint.Pickled.Sequence;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;

/**
 * A file that {@code torch.save} wrote ({@code .bin}, {@code .pt}, {@code .pth}, {@code .ckpt}): the zip format, and the
 * format before PyTorch 1.6. Such a file is a pickle, a program that Python runs; here only what builds tensors and plain
 * containers is understood, and a file that names anything else is refused.
 *
 * <p>A state dict's tensors have their own names. Where the file nests them, the names of the way to a tensor are joined by
 * dots, list elements by their index: {@code {"state_dict": {"conv.weight": …}, "optimizer": {"state": {0: {"exp_avg": …}}}}}
 * gives {@code state_dict.conv.weight} and {@code optimizer.state.0.exp_avg}; {@link WeightSource#under} gives a part its own
 * names back. A file that is one single tensor gives it the name {@code tensor}. What is no tensor is skipped. Two tensors
 * that share memory, and views of all strides, are each read as tensors of their own.
 *
 * <p>Format: {@code torch/serialization.py} and {@code torch/_utils.py} of PyTorch 2.10.
 */
public final class TorchPickle implements WeightSource {
    private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final long LEGACY_PROTOCOL = 1001;

    private final DataFile file;
    private final Contents contents;
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

    /** Texts beside the tensors are short names; many or long ones are none. */
    private static final int MAX_NOTES = 100;

    private static final int LONGEST_NOTE = 10_000;

    /**
     * @param bigEndian whether the machine that wrote the file was
     * @param notes texts beside the tensors, not within what is nested
     */
    record Contents(Map<String, StoredTensor> tensors, boolean bigEndian, Map<String, String> notes) {
        static Contents of(Object value, boolean bigEndian, String where) {
            return new Contents(TensorNames.of(value, where), bigEndian, notes(value));
        }

        private static Map<String, String> notes(Object value) {
            Map<String, String> notes = new LinkedHashMap<>();
            if (value instanceof Dictionary dictionary) {
                for (int i = 0; i < dictionary.keys.size() && notes.size() < MAX_NOTES; i++) {
                    if (dictionary.keys.get(i) instanceof String key
                            && dictionary.values.get(i) instanceof String text
                            && key.length() + text.length() <= LONGEST_NOTE) {
                        notes.put(key, text);
                    }
                }
            }
            return Collections.unmodifiableMap(notes);
        }
    }

    private TorchPickle(DataFile file, Contents contents) {
        this.file = file;
        this.contents = contents;
        contents.tensors().forEach((name, tensor) -> infos.put(name, tensor.info(name)));
    }

    /**
     * Opens a file and checks all but the numbers.
     *
     * @throws Problem (a failure) naming the file and what is wrong with it, or what it would run
     */
    public static TorchPickle open(Path path) {
        DataFile file = DataFile.open(path);
        try {
            return new TorchPickle(file, read(file, path.toString()));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /** Finds the tensors in a file. */
    static Contents read(ByteSource file, String where) {
        ByteBuffer start = ByteBuffer.allocate(2);
        if (file.size() >= start.capacity()) {
            file.read(0, start);
        }
        if (start.get(0) == 'P' && start.get(1) == 'K') {
            return readZip(file, where);
        }
        if ((start.get(0) & 0xff) == PickleOp.PROTO) {
            return readLegacy(file, where);
        }
        throw broken(where, "it is neither of the format of today nor of that before PyTorch 1.6");
    }

    /** A zip file: {@code NAME/data.pkl}, the storages {@code NAME/data/0} …, {@code NAME/byteorder}. */
    private static Contents readZip(ByteSource file, String where) {
        ZipDirectory zip = new ZipDirectory(file, where);
        String root = root(zip, where);
        if (zip.has(root + "constants.pkl")) {
            throw Problem.failure(where + " is a TorchScript program, which is not opened; only files of tensors are");
        }
        ZipDirectory.Part pickle = zip.open(root + "data.pkl");
        TorchObjects objects = new TorchObjects(where);
        PickleInput in = new PickleInput(pickle.source(), pickle.begin(), pickle.begin() + pickle.size(), where);
        Object value = PickleMachine.read(in, objects, where);
        for (TorchStorage storage : objects.storages().values()) {
            ZipDirectory.Part part = zip.open(root + "data/" + storage.key());
            if (part.size() < storage.bytes()) {
                throw broken(
                        where,
                        "storage " + storage.key() + " should have " + storage.bytes() + " bytes, but has "
                                + part.size());
            }
            storage.place(part.source(), part.begin());
        }
        return Contents.of(value, isBigEndian(zip, root, where), where);
    }

    private static String root(ZipDirectory zip, String where) {
        for (String name : zip.names()) {
            if (name.endsWith("/data.pkl") && name.indexOf('/') == name.length() - "/data.pkl".length()) {
                return name.substring(0, name.indexOf('/') + 1);
            }
        }
        throw Problem.failure(where + " is a zip file, but not one of PyTorch: it has no record NAME/data.pkl");
    }

    private static boolean isBigEndian(ZipDirectory zip, String root, String where) {
        if (!zip.has(root + "byteorder")) {
            return false;
        }
        ZipDirectory.Part part = zip.open(root + "byteorder");
        ByteBuffer word = ByteBuffer.allocate((int) Math.min(part.size(), 8));
        part.source().read(part.begin(), word);
        String order = new String(word.array(), StandardCharsets.US_ASCII);
        if (!order.equals("little") && !order.equals("big")) {
            throw broken(where, "its byte order is '" + order + "'");
        }
        return order.equals("big");
    }

    /**
     * Pickles one after the other: a magic number, a version, notes on the machine, the value, the keys of the storages; then
     * each storage: how many numbers, and the numbers, little-endian on every machine.
     */
    private static Contents readLegacy(ByteSource file, String where) {
        PickleInput in = new PickleInput(file, 0, file.size(), where);
        TorchObjects objects = new TorchObjects(where);
        if (!LEGACY_MAGIC.equals(PickleMachine.read(in, objects, where))) {
            throw broken(where, "it is a pickle, but not one of PyTorch");
        }
        Object protocol = PickleMachine.read(in, objects, where);
        if (!protocol.equals(LEGACY_PROTOCOL)) {
            throw broken(where, "it has a version that is not known");
        }
        PickleMachine.read(in, objects, where);
        Object value = PickleMachine.read(in, objects, where);
        if (!(PickleMachine.read(in, objects, where) instanceof Sequence keys)) {
            throw broken(where, "it has no list of storages");
        }
        placeStorages(keys, objects, file, in.position(), where);
        return Contents.of(value, false, where);
    }

    private static void placeStorages(Sequence keys, TorchObjects objects, ByteSource file, long begin, String where) {
        long position = begin;
        for (Object key : keys.items) {
            TorchStorage storage =
                    key instanceof String name ? objects.storages().get(name) : null;
            if (storage == null || storage.isPlaced()) {
                throw broken(where, "its list of storages does not fit its tensors");
            }
            if (position > file.size() - 8 || storage.bytes() > file.size() - 8 - position) {
                throw broken(where, "it ends before its storages do; it was cut short, fetch it again");
            }
            ByteBuffer count = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            file.read(position, count);
            if (count.getLong(0) != storage.bytes() / storage.dtype().bytes()) {
                throw broken(where, "storage " + storage.key() + " has another size than its tensors say");
            }
            storage.place(file, position + 8);
            position += 8 + storage.bytes();
        }
        for (TorchStorage storage : objects.storages().values()) {
            if (!storage.isPlaced()) {
                throw broken(where, "storage " + storage.key() + " is missing");
            }
        }
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(infos);
    }

    /** The texts that stand beside the tensors. */
    @Override
    public Map<String, String> metadata() {
        return contents.notes();
    }

    @Override
    public void read(String name, Tensor target) {
        WeightSource.checkTarget(this, name, target);
        Objects.requireNonNull(contents.tensors().get(name)).read(target, contents.bigEndian());
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }

    static Problem broken(String where, String what) {
        return Problem.failure(where + " is not a sound PyTorch file: " + what);
    }
}
